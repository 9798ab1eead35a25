import { costChangeLines } from "#cost/text.ts";
import type { Plan, PlannedChange, PlannedField } from "./plan.ts";

const SIGNS = { create: "+", update: "~", delete: "-" } as const;
/** Fields of one change that are shown to people; the plan file has all. */
const MOST_FIELDS = 30;

/** A plan for people. */
export function planForPeople(plan: Plan): string {
  const { changes, system, environment, target } = plan;
  const head = `${system}, environment ${environment}, on ${target}`;
  if (changes.length === 0) return `${head}: nothing to change, ${plan.unchanged} resources are as rendered.\n`;
  const counts = (["create", "update", "delete"] as const).map(
    (action) => changes.filter((change) => change.action === action).length,
  );
  return [
    head,
    "",
    ...changes.flatMap((change) => lines(change)),
    "",
    `${counts[0]} to create, ${counts[1]} to change, ${counts[2]} to destroy, ${plan.unchanged} unchanged`,
    ...costChangeLines(plan.cost),
    `plan ${plan.hash}`,
    "",
  ].join("\n");
}

function lines({ id, action, reason, losesData, fields }: PlannedChange): readonly string[] {
  const more = fields.length - MOST_FIELDS;
  return [
    `${SIGNS[action]} ${id}  (${reason})${losesData ? "  DESTROYS DATA" : ""}`,
    ...fields.slice(0, MOST_FIELDS).map((field) => fieldLine(field)),
    ...(more > 0 ? [`    … and ${more} more fields`] : []),
  ];
}

function fieldLine({ path, before, after }: PlannedField): string {
  if (after === "") return `    ${path}: taken away`;
  return before === "" ? `    ${path}: ${after}` : `    ${path}: ${before} → ${after}`;
}
