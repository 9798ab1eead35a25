import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import type { Spec } from "./spec.ts";

/** What a platform is given besides the services of a system, under names of the same kind: accounts, containers, log groups, labels. */
function taken({ environment, data, images, secrets }: Spec): readonly string[] {
  const migrates = data.postgres === undefined ? [] : ["migrate"];
  const backs = data.postgres?.backups === undefined ? [] : ["backup"];
  switch (environment.target) {
    case "cloud-run":
      return [...migrates, ...backs, ...backs.map(() => "scheduler"), ...(images.collector ? ["collector"] : [])];
    case "compose":
      return [
        "haproxy",
        ...migrates.flatMap((name) => [name, `${name}-next`, "login", "postgres"]),
        ...(data.redis ? ["redis"] : []),
      ];
    case "ecs":
    case "lambda":
      return ["steps", ...migrates, ...backs];
    case "kubernetes":
      return [
        "deny-all",
        "namespace",
        "network",
        "to-https",
        ...migrates,
        ...backs,
        ...(secrets.length > 0 ? ["secrets"] : []),
      ];
    case "railway":
      return [];
  }
}

/** A label of DNS, as which a Service and a namespace of Kubernetes are named (RFC 1123). */
const LONGEST_LABEL = 63;

/** Names of services that something else has already, and what is made of names and would be too long. */
export function nameProblems(spec: Spec): readonly YamlProblem[] {
  const { name, environment, environmentName, services } = spec;
  if (environmentName === undefined) return [];
  const { target } = environment;
  const names = services.map((service) => service.name);
  const others = new Set(taken(spec));
  const problems: YamlProblem[] = [];
  const say = (service: string, message: string): void => {
    problems.push({ path: ["services", service], message, ofKey: true });
  };
  for (const service of names) {
    const before = service.replace(/-next$/, "");
    if (others.has(service))
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
