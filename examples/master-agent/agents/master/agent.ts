import { defineAgent, defineTool, z } from "slipway/agent";
import { periodOf, yearBefore } from "./period.ts";

const resolvePeriod = defineTool({
  description:
    "Turns the name of a period into its first and last day, with the same period of the year before. Use it before you compare anything over time.",
  input: z.object({
    period: z
      .string()
      .regex(/^\d{4}(?:-(?:0[1-9]|1[0-2]|Q[1-4]|W[0-5]\d))?$/, "2026, 2026-Q3, 2026-07 or 2026-W28")
      .describe("2026 (year), 2026-Q3 (quarter), 2026-07 (month) or 2026-W28 (ISO week)"),
  }),
  run({ period }) {
    const found = periodOf(period);
    if (found === undefined) return `There is no period ${period}: write 2026, 2026-Q3, 2026-07 or 2026-W28.`;
    const before = yearBefore(period);
    return { period, ...found, yearBefore: { period: before, ...periodOf(before) } };
  },
});

export default defineAgent({
  name: "master",
  description: "Answers questions about the business, and says what it would need to know to answer the others.",
  instructions: `You answer questions about the business of the people who ask you.

- Figures come from tools. When no tool gives a figure, say which one is missing and where it would come from; never make one up.
- Before you speak of a quarter, a month or a week, resolve it to its days, and name them in your answer.
- What is compared over time is compared with the same period of the year before, unless the question says otherwise.
- Answer in at most five sentences; a table when there are more than three figures.`,
  tools: { resolve_period: resolvePeriod },
  limits: { maxSteps: 6, timeoutSeconds: 120 },
});
