import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import type { Spec } from "./spec.ts";

/** What each platform is given besides services under names of the same kind: accounts, containers, log groups, labels. */
const TAKEN: Readonly<Record<TargetName, readonly string[]>> = {
  "cloud-run": ["backup", "collector", "migrate", "scheduler"],
  compose: ["haproxy", "login", "migrate", "migrate-next", "postgres", "redis"],
  ecs: ["backup", "migrate", "steps"],
  kubernetes: ["backup", "deny-all", "gateway", "migrate", "namespace", "network", "secrets", "to-https"],
  lambda: ["backup", "migrate", "steps"],
  railway: [],
};

/** A label of DNS, as which a Service and a namespace of Kubernetes are named (RFC 1123). */
const LONGEST_LABEL = 63;

/** Names of services that something else has already, and what is made of names and would be too long. */
export function nameProblems({ name, environment, environmentName, services }: Spec): readonly YamlProblem[] {
  if (environmentName === undefined) return [];
  const { target } = environment;
  const names = services.map((service) => service.name);
  const problems: YamlProblem[] = [];
  const say = (service: string, message: string): void => {
    problems.push({ path: ["services", service], message, ofKey: true });
  };
  for (const service of names) {
    const before = service.replace(/-next$/, "");
    if (TAKEN[target].includes(service))
      say(service, `is the name of what is made besides services on ${target}: call it otherwise`);
    else if (target === "compose" && before !== service && names.includes(before))
      say(service, `is what the next release of ${before} is called on compose: call it otherwise`);
    const longest = LONGEST_LABEL - name.length - 1;
    if (target === "kubernetes" && service.length > longest)
      say(service, `may have ${longest} characters on kubernetes: with the system's name before it ${LONGEST_LABEL}`);
  }
  const namespace = environment.cluster?.namespace ?? `${name}-${environmentName}`;
  if (target === "kubernetes" && namespace.length > LONGEST_LABEL)
    problems.push({
      path: ["environments", environmentName],
      message: `makes a namespace of more than ${LONGEST_LABEL} characters, ${namespace}: name one in \`cluster.namespace\``,
      ofKey: true,
    });
  return problems;
}
