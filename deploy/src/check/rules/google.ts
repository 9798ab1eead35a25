import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import type { World } from "../subjects/world.ts";

/** PostgreSQL's own default, used when the set does not say what its database allows. */
const DEFAULT_CONNECTIONS = 100;

/** Rules about Cloud Run services that are written as YAML. */
export const GOOGLE_RULES: readonly Rule[] = [
  rule(
    "pod",
    {
      id: "cloud-run-yaml-default-identity",
      severity: "error",
      what: "The service runs as the default compute service account.",
      why: "That account is Editor of the project in many of them: a fault in the service is the project.",
      fix: "Name a service account of its own in spec.serviceAccountName.",
      source: REFERENCES.cloudRunIdentity,
    },
    ({ spec, managed }, say) => {
      const account = spec.get("serviceAccountName");
      if (managed && (!account.exists || /-compute@developer\./.test(account.text))) say(account);
    },
  ),
  rule(
    "object",
    {
      id: "cloud-run-yaml-public",
      severity: "error",
      what: "The service asks nobody who they are.",
      why: "Everyone on the internet can use it, and its cost, without a key.",
      fix: "Take the annotation away and grant run.invoker to who calls; say it in slipway.yaml where the service is meant to be public.",
      source: REFERENCES.cloudRunPublic,
    },
    ({ node, kind }, say) => {
      const off = node.get("metadata", "annotations", "run.googleapis.com/invoker-iam-disabled");
      if (off.isTrue) say(off);
      if (!kind.startsWith("IAMPolicy")) return;
      for (const each of node.scalars()) if (/^all(Authenticated)?Users$/.test(each.text)) say(each);
    },
  ),
  rule(
    "object",
    {
      id: "cloud-run-yaml-vpc-connector",
      severity: "warning",
      what: "A Serverless VPC Access connector stands where Direct VPC egress serves.",
      why: "It is machines that are paid by the hour, a bottleneck, and one more thing to scale.",
      fix: "Use the annotation run.googleapis.com/network-interfaces.",
      source: REFERENCES.cloudRunVpc,
    },
    ({ node }, say) => {
      const own = node.get("spec", "template", "metadata", "annotations", "run.googleapis.com/vpc-access-connector");
      if (own.exists) say(own);
    },
  ),
  rule(
    "pod",
    {
      id: "cloud-run-connections-exceeded",
      severity: "error",
      what: "At full scale the instances open more connections than the database takes.",
      why: "Under load, when the last instances come, new connections are refused for all.",
      fix: "Lower maxScale or the pool, raise max_connections, or put a pooler between.",
      source: REFERENCES.cloudSqlConnections,
    },
    ({ object, spec, managed, containers }, say, world) => {
      const annotations = object.node.get("spec", "template", "metadata", "annotations");
      const max = annotations.get("autoscaling.knative.dev/maxScale");
      if (!managed || !(max.number > 0)) return;
      const env = containers.flatMap((each) => each.node.get("env").items());
      const database =
        annotations.has("run.googleapis.com/cloudsql-instances") ||
        env.some((each) => /^(DATABASE_URL|DB_|PG|POSTGRES|SQL)/.test(each.get("name").text));
      const pool = env
        .find((each) => /POOL_?(SIZE|MAX)|MAX_POOL|MAX_CONN/.test(each.get("name").text))
        ?.get("value").number;
      // Without a pool's size each request that runs at once may hold a connection.
      const each = pool ?? (spec.get("containerConcurrency").number || 80);
      const limit = world.once("database connections", databaseConnections);
      if (database && max.number * each > limit)
        say(max, {
          message: `${max.text} instances × ${each} connections are ${max.number * each}; the database takes ${limit}.`,
        });
    },
  ),
  rule(
    "shell",
    {
      id: "cloud-run-flags-connections-exceeded",
      severity: "error",
      what: "At full scale the instances open more connections than the database takes.",
      why: "Under load, when the last instances come, new connections are refused for all.",
      fix: "Lower --max-instances or the pool, raise max_connections, or put a pooler between.",
      source: REFERENCES.cloudSqlConnections,
    },
    ({ lines }, say, world) => {
      for (const line of lines) {
        if (!/gcloud\s+(beta\s+)?run\s+deploy\b/.test(line.text)) continue;
        if (!/--(add|set)-cloudsql-instances|DATABASE_URL|\bDB_|POSTGRES/.test(line.text)) continue;
        const max = flag(line.text, /--max-instances[= ](\d+)/);
        const each = flag(line.text, /POOL_?(?:SIZE|MAX)=(\d+)/) || flag(line.text, /--concurrency[= ](\d+)/) || 80;
        const limit = world.once("database connections", databaseConnections);
        if (max * each > limit)
          say(line, {
            message: `${max} instances × ${each} connections are ${max * each}; the database takes ${limit}.`,
          });
      }
    },
  ),
];

/** The number that a flag gives, 0 without it. */
function flag(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** The largest `max_connections` that the set names. */
function databaseConnections(world: World): number {
  let most = 0;
  for (const { text } of world.subjects.shell)
    for (const [, number] of text.matchAll(/max_connections\s*=\s*(\d+)/g)) most = Math.max(most, Number(number));
  for (const document of world.subjects.document)
    if (!/^(ConfigMap|Secret)$/.test(document.get("kind").text)) most = Math.max(most, named(document));
  return most === 0 ? DEFAULT_CONNECTIONS : most;
}

function named(document: Cursor): number {
  let most = 0;
  for (const each of document.scalars()) {
    if (/^max_?connections$/i.test(each.key)) most = Math.max(most, each.number || 0);
    const written = /max_connections=(\d+)/.exec(each.text)?.[1];
    if (written !== undefined) most = Math.max(most, Number(written));
  }
  return most;
}
