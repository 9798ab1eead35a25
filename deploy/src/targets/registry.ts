import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { Target } from "./target.ts";

// Each is loaded when it is asked for: no command pays for a platform that it does not touch.
const LOADERS: Readonly<Partial<Record<TargetName, () => Promise<Target>>>> = {
  "cloud-run": async () => (await import("./cloud-run/target.ts")).cloudRunTarget,
  compose: async () => (await import("./compose/target.ts")).composeTarget,
  ecs: async () => (await import("./ecs/target.ts")).ecsTarget,
  kubernetes: async () => (await import("./kubernetes/target.ts")).kubernetesTarget,
  lambda: async () => (await import("./lambda/target.ts")).lambdaTarget,
  railway: async () => (await import("./railway/target.ts")).railwayTarget,
};

/** Whether {@link loadTarget} has it. */
export function isRenderable(name: TargetName): boolean {
  return LOADERS[name] !== undefined;
}

/** The target of this name. Throws `target_unsupported`. */
export async function loadTarget(name: TargetName): Promise<Target> {
  const load = LOADERS[name];
  if (load !== undefined) return await load();
  throw new SlipwayError("target_unsupported", `Slipway cannot render for ${name} yet.`, {
    hint: `It can for ${Object.keys(LOADERS).join(" and ")}: --target renders for another platform than the environment's.`,
  });
}
