import type { Spec } from "#spec/spec.ts";
import { amazonCommands } from "./amazon.ts";
import { cloudRunCommands } from "./cloud-run.ts";
import type { TargetCommands } from "./commands.ts";
import { composeCommands } from "./compose.ts";
import { kubernetesCommands } from "./kubernetes.ts";
import { railwayCommands } from "./railway.ts";

/** What the platform of an environment wants done for a release. */
export function commandsOf(spec: Spec): TargetCommands {
  const { target } = spec.environment;
  switch (target) {
    case "cloud-run":
      return cloudRunCommands(spec);
    case "kubernetes":
      return kubernetesCommands(spec);
    case "compose":
      return composeCommands(spec);
    case "railway":
      return railwayCommands(spec);
    case "ecs":
    case "lambda":
      return amazonCommands(spec);
  }
}
