import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { BudgetWindow, Counter } from "./counter.ts";

/** Which bound of a limit refused, and when to try again. */
export type Refused =
  | { readonly kind: "requests" | "tokens" | "concurrency"; readonly counter: Counter; readonly waitMs: number }
  | { readonly kind: "money"; readonly window: BudgetWindow; readonly now: number };

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

function whose({ rule }: Counter): string {
  return rule.per === "tenant" ? `the limit \`${rule.name}\`` : `the limit \`${rule.name}\` of this ${rule.per}`;
}

/** What is refused, with the limit's name and which of its bounds it was. */
export function refusalOf(refused: Refused): SlipwayError {
  if (refused.kind === "money") {
    const { counter, kind, id, cap, end } = refused.window;
    const dollars = (cap / 1e9).toLocaleString("en-US", { maximumFractionDigits: 6 });
    return new SlipwayError(
      "budget_exceeded",
      `The budget of ${dollars} US dollars a ${kind} (${id}) by ${whose(counter)} does not cover this request at its worst price.`,
      {
        hint: "Ask for a shorter answer, wait for the next window, or raise the budget.",
        retryAfter: seconds(end - refused.now),
      },
    );
  }
  const { kind, counter, waitMs } = refused;
  const { requestsPerMinute, tokensPerMinute, concurrency } = counter.rule;
  switch (kind) {
    case "requests":
      return new SlipwayError(
        "rate_limited",
        `${requestsPerMinute} requests a minute are allowed by ${whose(counter)}.`,
        {
          hint: "Slow down, or ask for a higher limit.",
          retryAfter: seconds(waitMs),
        },
      );
    case "tokens":
      return new SlipwayError(
        "tokens_limited",
        `${tokensPerMinute} tokens a minute are allowed by ${whose(counter)}.`,
        {
          hint: "Slow down, send shorter prompts or lower the bound of the answer, or ask for a higher limit.",
          retryAfter: seconds(waitMs),
        },
      );
    case "concurrency":
      return new SlipwayError(
        "concurrency_exceeded",
        `${concurrency} requests at once are allowed by ${whose(counter)}.`,
        {
          hint: "Wait for one to end.",
          retryAfter: 1,
        },
      );
  }
}

/** Nobody knows what the call would cost, and a budget wants to know. */
export function unknownPrice(counter: Counter): SlipwayError {
  return new SlipwayError(
    "price_unknown",
    `The price of this model is not known, and ${whose(counter)} refuses such calls.`,
    {
      param: "model",
      hint: "Declare the price in PRICE_OVERRIDES, or let the budget count unknown prices (`unknownPrice: {count: …}`).",
    },
  );
}

/** What was spent cannot be known now, or what counts it cannot be asked, so money is not given out. */
export function budgetClosed(counter: Counter, why: string): SlipwayError {
  return new SlipwayError("limits_unavailable", `The budget by ${whose(counter)} cannot be checked now: ${why}.`, {
    hint: "Try again in a few seconds; if it lasts, look at Redis and the database.",
    retryAfter: 5,
  });
}
