import type pg from "pg";

/** A part of a plan, as PostgreSQL explains it. */
interface Plan {
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** How many rows of a table the statement has read, those included that it left out. */
export function rowsRead(plan: Plan, table: string): number {
  const each = plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0);
  const own = plan["Relation Name"] === table ? each * plan["Actual Loops"] : 0;
  return (plan.Plans ?? []).reduce((sum, part) => sum + rowsRead(part, table), own);
}

/** Runs a statement, and answers how. */
export async function planOf(client: pg.Client, text: string, values: readonly unknown[]): Promise<Plan> {
  const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    `explain (analyze, costs off, timing off, format json) ${text}`,
    [...values],
  );
  const plan = rows[0]?.["QUERY PLAN"][0].Plan;
  if (plan === undefined) throw new Error("The database explained nothing.");
  return plan;
}
