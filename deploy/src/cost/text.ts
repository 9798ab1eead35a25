import type { CostChange } from "./change.ts";
import type { CostReport, Estimate } from "./cost.ts";
import type { Amounts, CostLine, Total } from "./estimate.ts";
import { dollars } from "./money.ts";

/** A report for people: a table for each volume, sums, what is not known, and where the prices come from. */
export function costForPeople(report: CostReport): string {
  const { system, environment, target, estimates, prices, notes } = report;
  return [
    `${system}, environment ${environment}, on ${target}: US dollars a month`,
    ...estimates.flatMap((estimate) => ["", ...estimateLines(estimate)]),
    "",
    ...notes,
    ...Object.entries(prices).map(
      ([name, { usd, per, region, source, date, secondHand }]) =>
        `${name}: $${usd} a ${per}, ${region}, ${date}, ${source}${secondHand ? " (not the vendor's page)" : ""}`,
    ),
    "An estimate, not a quote: docs/reference/cost.md says what is assumed.",
    "",
  ].join("\n");
}

function estimateLines({ requestsPerDay, lines, platform, models, warnings }: Estimate): readonly string[] {
  const rows = [
    [`${requestsPerDay.toLocaleString("en-US")} requests a day`, "low", "expected", "high"],
    ...lines.map((each) => row(each)),
    sumRow("platform", platform, lines.length),
    ...models.lines.map((each) => row(each)),
    sumRow("models", models.total, models.lines.length),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const text = rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  const reasons = [...lines, ...models.lines].flatMap(({ what, unknown }) =>
    unknown ? [`  ${what} is not known: ${unknown}`] : [],
  );
  return [...text.map((each) => each.trimEnd()), ...reasons, ...warnings.map((warning) => `! ${warning}`)];
}

function row({ what, amounts }: CostLine): readonly string[] {
  if (amounts === null) return [`  ${what}`, "unknown", "unknown", "unknown"];
  return [`  ${what}`, dollars(amounts.low), dollars(amounts.expected), dollars(amounts.high)];
}

/** A sum of `count` lines: a lower bound when some are not known, nothing at all when none is. */
function sumRow(what: string, sum: Total, count: number): readonly string[] {
  if (count > 0 && sum.unknown.length === count) return [what, "unknown", "unknown", "unknown"];
  const least = sum.unknown.length > 0 ? "at least " : "";
  return [what, ...[sum.low, sum.expected, sum.high].map((amount) => `${least}${dollars(amount)}`)];
}

/** A plan's cost for people. */
export function costChangeLines({ requestsPerDay, before, after, change, unknown }: CostChange): readonly string[] {
  const at = `at ${requestsPerDay.toLocaleString("en-US")} requests a day`;
  if (change === null) return [`cost a month ${at}: the change is not known (${unknown.join(", ")})`];
  const span = before && after ? `${said(before)} → ${said(after)}, ` : "";
  return [`cost a month ${at}, services only: ${span}${signed(change)}`];
}

function said({ expected, unknown }: Total): string {
  return `${unknown.length > 0 ? "at least " : ""}${dollars(expected)}`;
}

function signed({ low, expected, high }: Amounts): string {
  const sign = (amount: number): string => (amount > 0 ? `+${dollars(amount)}` : dollars(amount));
  return `change ${sign(expected)} (${sign(low)} to ${sign(high)})`;
}
