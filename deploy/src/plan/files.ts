import { SlipwayError } from "@slipway/contracts/errors.ts";
import { isMap } from "#spec/merge.ts";
import type { ObservedResource, Target } from "../targets/target.ts";
import { type Plan, PLAN_FORMAT } from "./plan.ts";

/** The form of a recorded world. */
const OBSERVED_FORMAT = "slipway.observed/1";
/** Resources of one recording. */
const MOST = 10_000;

/** The text of a plan file. */
export function planText(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/** The plan that a file holds. Throws `usage` when it is none. */
export function readPlan(text: string, file: string): Plan {
  const value = parsed(text, file);
  if (!isPlan(value))
    throw new SlipwayError("usage", `${file} is no plan of this version of Slipway.`, {
      hint: "`slipway plan --out FILE` writes one.",
    });
  return value;
}

function isPlan(value: unknown): value is Plan {
  if (!isMap(value) || value["format"] !== PLAN_FORMAT || typeof value["hash"] !== "string") return false;
  const { bound } = value;
  return isMap(bound) && typeof bound["spec"] === "string" && isMap(bound["digests"]) && isMap(bound["observed"]);
}

/**
 * The resources of a recorded world: `{"format": "slipway.observed/1", "resources": [{"id", "version", "fields", "owned"?}]}`, or
 * what the target's own tool prints. Throws `usage` when it is neither.
 */
export function readObserved(
  text: string,
  file: string,
  target: Pick<Target, "recorded" | "name">,
): readonly ObservedResource[] {
  const value = parsed(text, file);
  const own = target.recorded?.(value);
  if (own !== undefined) return unique(own, file);
  const resources: unknown = isMap(value) && value["format"] === OBSERVED_FORMAT ? value["resources"] : undefined;
  if (!Array.isArray(resources) || resources.length > MOST || !resources.every((one) => isResource(one)))
    throw new SlipwayError("usage", `${file} is no recording of a world on ${target.name}.`, {
      hint: `It holds {"format": "${OBSERVED_FORMAT}", "resources": [{"id", "version", "fields"}]}, at most ${MOST} of them${target.recorded ? ", or what the platform's own tool prints as JSON" : ""}.`,
    });
  return unique(resources, file);
}

function isResource(value: unknown): value is ObservedResource {
  if (!isMap(value) || typeof value["id"] !== "string" || typeof value["version"] !== "string") return false;
  const owned: unknown = value["owned"] ?? [];
  return isMap(value["fields"]) && Array.isArray(owned) && owned.every((path) => typeof path === "string");
}

/** What is printed of a recording as it stands: nothing in it may mean something to a terminal. */
const PRINTABLE = /^[\x20-\x7e]{1,500}$/;

function unique(resources: readonly ObservedResource[], file: string): readonly ObservedResource[] {
  const seen = new Set<string>();
  for (const { id, owned = [] } of resources) {
    const fault = seen.has(id) ? `has ${id} twice` : undefined;
    const unfit = [id, ...owned].some((text) => !PRINTABLE.test(text))
      ? "holds a name that cannot be printed"
      : undefined;
    const wrong = unfit ?? fault;
    if (wrong !== undefined) throw new SlipwayError("usage", `${file} ${wrong}.`, { hint: "Record the world again." });
    seen.add(id);
  }
  return resources;
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not the parser's message: it quotes the text.
    throw new SlipwayError("usage", `${file} is no JSON.`, { hint: "Name a file that Slipway or the platform wrote." });
  }
}
