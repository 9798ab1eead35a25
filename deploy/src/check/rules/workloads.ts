import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import { commandOf } from "../subjects/kubernetes.ts";
import { SelectorIndex } from "../subjects/labels.ts";
import type { Container, KubernetesObject } from "../subjects/topics.ts";
import type { World } from "../subjects/world.ts";

const HEALTHY = /health|live|alive|ping|\bup\b|status|heartbeat|startup|readyz|livez|healthz|ready/i;

/** Rules about probes, and about how a workload starts, is replaced and moves. */
export const WORKLOAD_RULES: readonly Rule[] = [
  rule(
    "container",
    {
      id: "probe-readiness-missing",
      severity: "warning",
      what: "The container has no readiness probe.",
      why: "Requests are sent to it before it can answer and while it drains.",
      fix: "Add a readinessProbe on an endpoint that says whether it can serve now.",
      source: REFERENCES.probes,
    },
    (container, say) => {
      if (serves(container) && !container.managed && !container.node.has("readinessProbe")) say(container);
    },
  ),
  rule(
    "container",
    {
      id: "probe-liveness-missing",
      severity: "warning",
      what: "The container has no liveness probe.",
      why: "A process that hangs is never started again.",
      fix: "Add a livenessProbe on an endpoint that asks nothing of other services.",
      source: REFERENCES.probes,
    },
    (container, say) => {
      if (serves(container) && !container.managed && !container.node.has("livenessProbe")) say(container);
    },
  ),
  rule(
    "container",
    {
      id: "probe-startup-missing",
      severity: "warning",
      what: "The container has a liveness probe and no startup probe.",
      why: "A slow start is taken for a hang and ended, again and again; a long initial delay hides real hangs instead.",
      fix: "Add a startupProbe that allows the slowest start, and take initialDelaySeconds off the liveness probe.",
      source: REFERENCES.probes,
    },
    ({ node }, say) => {
      if (node.has("livenessProbe") && !node.has("startupProbe")) say(node.get("livenessProbe"));
    },
  ),
  rule(
    "container",
    {
      id: "probe-same-endpoint",
      severity: "error",
      what: "Liveness and readiness ask the same endpoint.",
      why: "When it turns red for a dependency or for load, the process is killed instead of being left alone until it recovers.",
      fix: "Let liveness ask an endpoint that only says that the process runs (/health), readiness one that may be red (/ready).",
      source: REFERENCES.probes,
    },
    ({ node }, say) => {
      const live = node.get("livenessProbe", "httpGet");
      const ready = node.get("readinessProbe", "httpGet");
      if (
        live.exists &&
        ready.exists &&
        live.get("path").text === ready.get("path").text &&
        live.get("port").text === ready.get("port").text
      )
        say(live.get("path"));
    },
  ),
  rule(
    "container",
    {
      id: "probe-liveness-asks-dependencies",
      severity: "error",
      what: "The liveness probe asks whether dependencies are well.",
      why: "An outage of the database restarts every replica at once and makes it longer.",
      fix: "Ask an endpoint that depends on nothing; readiness may depend.",
      source: REFERENCES.probes,
    },
    ({ node }, say) => {
      const probe = node.get("livenessProbe");
      const path = probe.get("httpGet", "path");
      const command = probe.get("exec", "command").texts().join(" ");
      if (/ready|readiness|\bdeps?\b|dependenc|database|\bdb\b|\bdeep\b|redis/i.test(path.text)) say(path);
      else if (
        /\b(psql|pg_isready\s+-h|mysqladmin|redis-cli\s+-h)\b/.test(command) &&
        !/\b(postgres|mysql|mariadb|redis)\b/.test(node.get("image").text)
      )
        say(probe.get("exec"));
    },
  ),
  rule(
    "container",
    {
      id: "probe-liveness-on-loaded-endpoint",
      severity: "warning",
      what: "The liveness probe asks an endpoint that does real work.",
      why: "A service that sheds load or is slow under it is taken for a crash and killed, and the others get its load.",
      fix: "Ask a health endpoint that is never shed, with a timeout over 1 s and at least 3 failures.",
      source: REFERENCES.probes,
    },
    ({ node }, say) => {
      const probe = node.get("livenessProbe");
      const path = probe.get("httpGet", "path");
      if (path.exists && !HEALTHY.test(path.text)) say(path);
      else if (probe.get("failureThreshold").number === 1)
        say(probe.get("failureThreshold"), {
          message: "One slow answer of the liveness probe kills the container (failureThreshold: 1).",
        });
    },
  ),
  rule(
    "container",
    {
      id: "migrations-at-start",
      severity: "error",
      what: "Every replica runs the database migrations when it starts.",
      why: "Replicas race for the lock, a long migration looks like a failed start, and a rollback cannot go back.",
      fix: "Run migrations as a step of their own (a Job, a pipeline's step) before the new version is rolled out.",
      source: REFERENCES.initContainers,
    },
    ({ node, job, object }, say) => {
      if (job || object.kind === "Pod") return;
      if (MIGRATES.test(commandOf(node))) say(node.has("command") ? node.get("command") : node.get("args"));
      for (const env of node.get("env").items())
        if (
          /^(RUN_MIGRATIONS|MIGRATE_(AT|ON)_START(UP)?|AUTO_MIGRATE|DB_MIGRATE)$/.test(env.get("name").text) &&
          /^(1|true|yes)$/i.test(env.get("value").text)
        )
          say(env.get("value"));
    },
  ),
  rule(
    "pod",
    {
      id: "workload-without-disruption-budget",
      severity: "warning",
      what: "No PodDisruptionBudget covers these replicas.",
      why: "A drain of nodes, as every upgrade is, may take all of them at once.",
      fix: "Add a PodDisruptionBudget with maxUnavailable: 1 that selects the pods.",
      source: REFERENCES.disruptions,
    },
    ({ object, labels }, say, world) => {
      if (!isService(object) || object.node.get("spec", "replicas").number === 0) return;
      const covered = world.once("budgets", budgets).anyFor(labels);
      if (!covered) say(object);
    },
  ),
  rule(
    "pod",
    {
      id: "workload-without-spread",
      severity: "warning",
      what: "Nothing spreads the replicas over nodes and zones.",
      why: "One node or one zone that fails may hold them all.",
      fix: "Add topologySpreadConstraints for topology.kubernetes.io/zone and kubernetes.io/hostname.",
      source: REFERENCES.topologySpread,
    },
    ({ object, spec }, say) => {
      const spread = spec.has("topologySpreadConstraints") || spec.get("affinity", "podAntiAffinity").exists;
      if (isService(object) && !spread) say(spec);
    },
  ),
  rule(
    "pod",
    {
      id: "workload-in-one-zone",
      severity: "warning",
      what: "The pods may run in one zone only.",
      why: "When that zone fails, so does the service.",
      fix: "Take the zone out of the node selector, or list several.",
      source: REFERENCES.topologySpread,
    },
    ({ spec, object }, say) => {
      if (!isService(object)) return;
      for (const each of spec.get("nodeSelector").entries()) if (each.key.endsWith("/zone")) say(each);
    },
  ),
  rule(
    "object",
    {
      id: "workload-one-replica",
      severity: "warning",
      what: "One replica serves alone.",
      why: "Each move of the pod, planned or not, is an outage.",
      fix: "Run two or more, or let an autoscaler keep at least two.",
      source: REFERENCES.deployments,
    },
    (object, say, world) => {
      if (object.kind !== "Deployment" || object.node.get("spec", "strategy", "type").text === "Recreate") return;
      const replicas = object.node.get("spec", "replicas");
      const scaled = world.once("scaled", scaledNames).has(`${object.kind}/${object.name}`);
      if (!scaled && (!replicas.exists || replicas.number === 1))
        say(replicas.exists ? replicas : object.node.get("spec"));
    },
  ),
  rule(
    "world",
    {
      id: "blue-green-idle-side-empty",
      severity: "error",
      what: "The idle side of a blue-green pair has no replicas, and a Service is switched to it by hand.",
      why: "The switch sends all traffic to nothing, and so does the way back in an emergency.",
      fix: "Let a rollout controller (Argo Rollouts, Gateway weights) start the side, wait until it is ready, and shift by weight.",
      source: REFERENCES.deployments,
    },
    (world, say) => {
      const sides = world.objects("Deployment").filter((each) => /(^|-)(blue|green)$/.test(each.name));
      for (const side of sides) {
        const replicas = side.node.get("spec", "replicas");
        if (replicas.exists && replicas.number === 0) say(replicas);
      }
    },
  ),
  rule(
    "object",
    {
      id: "environment-value-no-text",
      severity: "error",
      what: "The value of an environment variable is not a string.",
      why: "Kubernetes refuses a number or a boolean here.",
      fix: "Put it in quotes.",
      source: REFERENCES.environment,
      mends: true,
    },
    ({ node, kind }, say) => {
      if (kind === "CustomResourceDefinition") return;
      for (const container of podContainers(node)) {
        for (const env of container.get("env").items()) {
          const value = env.get("value");
          const written = value.scalar;
          if (written !== undefined && value.exists && typeof written.value !== "string")
            say(value, { edit: value.replaceBy(JSON.stringify(written.source ?? value.text)) });
        }
      }
    },
  ),
];

export const MIGRATES =
  /\b(alembic\s+upgrade|prisma\s+migrate\s+deploy|prisma\s+db\s+push|knex\s+migrate|(?:npm|pnpm|yarn)\s+(?:run\s+)?(?:db:)?migrate|manage\.py\s+migrate|flask\s+db\s+upgrade|typeorm\s+migration:run|sequelize\s+db:migrate|rails\s+db:migrate|flyway\s+migrate|goose\s+up|dbmate\s+up|main\.ts\s+migrate)\b/;

function podContainers(node: Cursor): readonly Cursor[] {
  const spec = [
    node.get("spec", "template", "spec"),
    node.get("spec", "jobTemplate", "spec", "template", "spec"),
    node.get("spec"),
  ].find((each) => each.get("containers").isList);
  return spec === undefined ? [] : [...spec.get("containers").items(), ...spec.get("initContainers").items()];
}

function serves({ init, job, object }: Container): boolean {
  return !init && !job && object.kind !== "Pod";
}

function isService({ kind }: KubernetesObject): boolean {
  return kind === "Deployment" || kind === "StatefulSet" || kind === "Rollout";
}

function budgets(world: World): SelectorIndex {
  return new SelectorIndex(world.objects("PodDisruptionBudget").map(({ node }) => node.get("spec", "selector")));
}

/** What horizontal autoscalers own, as `kind/name`. */
export function scaledNames(world: {
  objects: (kind: string) => readonly KubernetesObject[];
}): ReadonlyMap<string, KubernetesObject> {
  const found = new Map<string, KubernetesObject>();
  for (const scaler of [...world.objects("HorizontalPodAutoscaler"), ...world.objects("ScaledObject")]) {
    const target = scaler.node.get("spec", "scaleTargetRef");
    found.set(`${target.get("kind").text || "Deployment"}/${target.get("name").text}`, scaler);
  }
  return found;
}
