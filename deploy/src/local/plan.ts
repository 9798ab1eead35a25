import { readFile, writeFile } from "node:fs/promises";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { costChange } from "#cost/change.ts";
import { priceSource } from "#cost/prices/all.ts";
import { EXIT } from "#lib/command-line.ts";
import { desiredOf } from "#plan/desired.ts";
import { planText, readObserved, readPlan } from "#plan/files.ts";
import { bindingOf, makePlan, type Plan } from "#plan/plan.ts";
import { staleReasons } from "#plan/stale.ts";
import { planForPeople } from "#plan/text.ts";
import { type Rendered, renderSystem } from "#render/render.ts";
import { loadTarget } from "../targets/registry.ts";
import type { ObservedResource } from "../targets/target.ts";
import { writing } from "./cannot-write.ts";
import { readSpecFile } from "./spec-file.ts";
import { targetName } from "./target-name.ts";

/** What the command line says. */
export interface PlanFlags {
  readonly spec: string;
  readonly env: string;
  readonly target?: string;
  readonly digest?: string;
  readonly observed?: string;
  readonly out?: string;
  readonly check?: string;
  readonly requestsPerDay: number;
  readonly format: "text" | "json";
}

/** Milliseconds for looking at a platform. */
const OBSERVE_MS = 60_000;

/** Plans, or says whether a plan still holds. Prints, and answers the exit code. Throws `plan_stale`, `usage` and what rendering throws. */
export async function runPlan(flags: PlanFlags): Promise<number> {
  const text = await readSpecFile(flags.spec);
  const target = flags.target === undefined ? undefined : targetName(flags.target);
  const request = { text, file: flags.spec, environment: flags.env, target, digest: flags.digest };
  const rendered = await renderSystem(request, loadTarget);
  const observed = await observe(rendered, flags.observed);
  if (flags.check !== undefined) return await checkPlan(flags.check, text, rendered, observed);
  const plan = planOf(flags, text, rendered, observed);
  if (flags.out !== undefined) await writing(flags.out, writeFile(flags.out, planText(plan), { mode: 0o600 }));
  process.stdout.write(flags.format === "json" ? planText(plan) : planForPeople(plan));
  return plan.changes.length === 0 ? EXIT.done : EXIT.pending;
}

function planOf(
  flags: PlanFlags,
  text: string,
  { spec, target, files }: Rendered,
  observed: readonly ObservedResource[],
): Plan {
  const { requestsPerDay } = flags;
  return makePlan({
    text,
    spec,
    target,
    files,
    observed,
    cost: (desired, there, changes) =>
      costChange({
        spec,
        target,
        desired,
        observed: there,
        changes,
        requestsPerDay,
        pricing: { prices: priceSource() },
      }),
  });
}

async function observe({ spec, target }: Rendered, file: string | undefined): Promise<readonly ObservedResource[]> {
  if (file !== undefined) {
    const recording = await readFile(file, "utf8").catch((cause: unknown) => {
      throw new SlipwayError("usage", `${file} cannot be read.`, { hint: "--observed names a recorded world.", cause });
    });
    return readObserved(recording, file, target);
  }
  if (target.observe !== undefined) return await target.observe(spec, AbortSignal.timeout(OBSERVE_MS));
  throw new SlipwayError("usage", `Slipway cannot look at ${target.name} by itself.`, {
    hint: "--observed FILE names a recording of what is there; docs/reference/plan.md says what is in it.",
  });
}

async function checkPlan(
  file: string,
  text: string,
  rendered: Rendered,
  observed: readonly ObservedResource[],
): Promise<number> {
  const plan = readPlan(
    await readFile(file, "utf8").catch((cause: unknown) => {
      throw new SlipwayError("usage", `${file} cannot be read.`, { hint: "--check names a plan file.", cause });
    }),
    file,
  );
  const { spec, target, files } = rendered;
  const same = plan.system === spec.name && plan.environment === spec.environmentName && plan.target === target.name;
  if (!same)
    throw new SlipwayError(
      "usage",
      `${file} plans ${plan.system}, environment ${plan.environment}, on ${plan.target}.`,
      {
        hint: "Name that environment with --env.",
      },
    );
  const reasons = staleReasons(plan, bindingOf({ text, spec, desired: desiredOf(target, files), observed }));
  if (reasons.length > 0)
    throw new SlipwayError(
      "plan_stale",
      `The plan does not hold any more:\n${reasons.map((reason) => `  ${reason}`).join("\n")}`,
      {
        hint: "Plan again, and have the new plan agreed to.",
      },
    );
  process.stdout.write(`The plan holds: plan ${plan.hash}\n`);
  return EXIT.done;
}
