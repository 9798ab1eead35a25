import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { Target } from "./target.ts";

// Each is loaded when it is asked for: no command pays for a platform that it does not touch.
const LOADERS: Readonly<Record<TargetName, () => Promise<Target>>> = {
  "cloud-run": async () => (await import("./cloud-run/target.ts")).cloudRunTarget,
  compose: async () => (await import("./compose/target.ts")).composeTarget,
  ecs: async () => (await import("./ecs/target.ts")).ecsTarget,
  kubernetes: async () => (await import("./kubernetes/target.ts")).kubernetesTarget,
  lambda: async () => (await import("./lambda/target.ts")).lambdaTarget,
  railway: async () => (await import("./railway/target.ts")).railwayTarget,
};

/** The target of this name. */
export async function loadTarget(name: TargetName): Promise<Target> {
  return await LOADERS[name]();
}
