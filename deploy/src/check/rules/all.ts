import type { Rule } from "../rule.ts";
import { AMAZON_RULES } from "./amazon.ts";
import { BACKUP_RULES } from "./backups.ts";
import { CLOUD_RUN_RULES } from "./cloud-run.ts";
import { COMPOSE_RULES } from "./compose.ts";
import { DOCKERFILE_RULES } from "./dockerfiles.ts";
import { GOOGLE_RULES } from "./google.ts";
import { IMAGE_RULES } from "./images.ts";
import { KUBERNETES_API_RULES } from "./kubernetes-apis.ts";
import { OBSERVABILITY_RULES } from "./observability.ts";
import { POD_RULES } from "./pods.ts";
import { RUNTIME_RULES } from "./runtime.ts";
import { SCALING_AND_NETWORK_RULES } from "./scaling-network.ts";
import { SCRIPT_RULES } from "./scripts.ts";
import { SECRET_RULES } from "./secrets.ts";
import { SLIPWAY_RULES } from "./slipway.ts";
import { WORKFLOW_RULES } from "./workflows.ts";
import { WORKLOAD_RULES } from "./workloads.ts";
import { YAML_RULES } from "./yaml.ts";

/** The rules by family, in the order of the reference. */
export const FAMILIES: readonly { readonly title: string; readonly rules: readonly Rule[] }[] = [
  { title: "YAML", rules: YAML_RULES },
  { title: "Kubernetes: APIs and traffic", rules: KUBERNETES_API_RULES },
  { title: "Kubernetes: what pods may do", rules: POD_RULES },
  { title: "Kubernetes: workloads", rules: WORKLOAD_RULES },
  { title: "Kubernetes: scaling and network", rules: SCALING_AND_NETWORK_RULES },
  { title: "Jobs and backups", rules: BACKUP_RULES },
  { title: "Images", rules: IMAGE_RULES },
  { title: "Secrets", rules: SECRET_RULES },
  { title: "What containers do", rules: RUNTIME_RULES },
  { title: "Dockerfiles", rules: DOCKERFILE_RULES },
  { title: "Compose", rules: COMPOSE_RULES },
  { title: "GitHub Actions", rules: WORKFLOW_RULES },
  { title: "Scripts, pipelines and Cloud Build", rules: SCRIPT_RULES },
  { title: "Cloud Run", rules: [...GOOGLE_RULES, ...CLOUD_RUN_RULES] },
  { title: "AWS", rules: AMAZON_RULES },
  { title: "Alerts", rules: OBSERVABILITY_RULES },
  { title: "slipway.yaml and charts", rules: SLIPWAY_RULES },
];

/** All rules. */
export const RULES: readonly Rule[] = FAMILIES.flatMap((family) => family.rules);
