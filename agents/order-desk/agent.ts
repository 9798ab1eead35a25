import { defineAgent, defineTool, z } from "slipway/agent";
import { afterWorkingDays, TRANSIT_DAYS, type Service } from "./arrival.ts";
import orders from "./orders.json" with { type: "json" };

const orderNumber = z
  .string()
  .toUpperCase()
  .regex(/^SO-\d{4}$/, "an order number such as SO-1042")
  .describe("The order number: SO, a hyphen and four digits.");

const unknown = (number: string) => `There is no order ${number}. Ask the customer to check the number.`;

const findOrder = (number: string) => orders.find((order) => order.number === number);

const lookUpOrder = defineTool({
  description: "Looks an order up by its number: customer, articles, status, service and the day it was shipped.",
  input: z.object({ number: orderNumber }),
  run: ({ number }) => findOrder(number) ?? unknown(number),
});

const estimateArrival = defineTool({
  description:
    "Estimates the day on which an order arrives. For an order that was not shipped yet, give the day on which it may be.",
  input: z.object({
    number: orderNumber,
    shipsOn: z.iso.date().optional().describe("YYYY-MM-DD; only for an order that was not shipped yet."),
  }),
  run({ number, shipsOn }) {
    const order = findOrder(number);
    if (order === undefined) return unknown(number);
    if (order.status === "cancelled" || order.status === "delivered") return `Order ${number} is ${order.status}.`;
    const from = order.shippedOn ?? shipsOn;
    if (from === undefined) return `Order ${number} was not shipped yet: ask again with the day on which it may be.`;
    const service = order.service as Service;
    return { number, service, shippedOn: from, arrivesOn: afterWorkingDays(from, TRANSIT_DAYS[service]) };
  },
});

export default defineAgent({
  name: "order-desk",
  description: "Answers questions about orders: what was ordered, where it is, when it arrives.",
  instructions: `You answer customers' questions about their orders.

- Look an order up before you say anything about it. If the customer gives no order number, ask for it: SO, a hyphen and four digits.
- Say only what the tools told you. Never guess a status, a price or a date.
- For the day of arrival use the tool that estimates it, and say that it is an estimate.
- Answer in two or three sentences, without the names of tools.`,
  tools: { look_up_order: lookUpOrder, estimate_arrival: estimateArrival },
  limits: { maxSteps: 6, timeoutSeconds: 120 },
});
