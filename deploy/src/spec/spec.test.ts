import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { exampleText } from "../testing/examples.ts";
import { assertKept } from "../testing/kept-file.ts";
import { specJsonSchema } from "./json-schema.ts";
import { mergeYaml } from "./merge.ts";
import { specReference } from "./reference.ts";
import { resolveEnvironment } from "./resolve.ts";
import { type Answers, scaffold } from "./scaffold.ts";

const text = await exampleText("agent-generator");

function told(changed: string, environment = "production"): string {
  assert.notEqual(changed, text, "the change changes nothing");
  try {
    resolveEnvironment(readSlipwayYaml(changed, "slipway.yaml"), environment);
  } catch (error) {
    assert.ok(error instanceof SlipwayError);
    return error.message;
  }
  return "";
}

const change = (from: string, to: string): string => text.replace(from, to);

test("a mistake in a spec is told by line, column, path and what was probably meant", () => {
  const line = (part: string): number => text.slice(0, text.indexOf(part)).split("\n").length;
  const mistakes = [
    [
      change("memory: 1Gi\n    scale", "memroy: 1Gi\n    scale"),
      `:${line("memory: 1Gi\n")}:5: \`services.web.memroy\` is no field here; did you mean \`memory\`?`,
    ],
    [
      change("memory: 1Gi\n    scale", "memory: 1GB\n    scale"),
      `:${line("memory: 1Gi\n")}:13: \`services.web.memory\` must be an amount such as 512Mi or 2Gi`,
    ],
    [change("cpu: 500m", "cpu: fast"), "`services.web.cpu` must be cores such as 1, 0.5 or 500m"],
    [
      change("[router, memory, agents, console]", "[router, memroy]"),
      "`services.web.roles[1]` must be one of router, memory, agents, worker, console; did you mean `memory`?",
    ],
    [
      change("min: 3, max: 10", "min: 30, max: 10"),
      "`services.web.scale.max` must have a max that is not below its min",
    ],
    [change("target: kubernetes", "target: kubernets"), "did you mean `kubernetes`?"],
    [change("  web:\n    roles", "  Web:\n    roles"), "`services.Web` must be 1 to 40 small letters, digits or -"],
    [change("kind: public", "kind: publik"), "did you mean `public`?"],
    [change("provider: gke", "provder: gke"), "did you mean `provider`?"],
    [change("network: 10.20.0.0/24", "network: 10.20.0"), "must be a network such as 10.20.0.0/24"],
    // Files lie in folders of this name, below the one that they are rendered to.
    [
      change("regions: [europe-west1]", "regions: [../../elsewhere]"),
      "must be the name of a region, such as europe-west1",
    ],
    [
      change("bucket: acme-generator-files", "bucket: gs://acme files"),
      "must be the name of a bucket, without a scheme",
    ],
  ] as const;
  for (const [changed, expected] of mistakes) {
    const message = told(changed);
    assert.ok(message.includes(expected), `${expected}\n--- told:\n${message}`);
  }
});

test("a secret that is written out is refused: under secrets, as a setting, inside an address", () => {
  assert.match(
    told(change(/OPENAI_API_KEY: .*/.exec(text)?.[0] ?? "", "OPENAI_API_KEY: sk-live-123")),
    /must say where the secret lies/,
  );
  assert.match(
    told(change("LOGGING_LEVEL: info", "SPLUNK_HEC_TOKEN: abc")),
    /`env.SPLUNK_HEC_TOKEN` is a secret and may not be written here/,
  );
  assert.match(told(change("LOGGING_LEVEL: info", "PROXY: http://me:pw@host/")), /`env.PROXY` is a secret/);
  assert.equal(told(change("LOGGING_LEVEL: info", "PROXY: http://host/")), "");
  // What is refused never stands in the message.
  assert.ok(!told(change("LOGGING_LEVEL: info", "SPLUNK_HEC_TOKEN: hush-hush")).includes("hush-hush"));
});

test("an environment is the file with what it overrides; null takes away; what it makes wrong is told where it stands", () => {
  const read = readSlipwayYaml(text, "slipway.yaml");
  const staging = resolveEnvironment(read, "staging");
  assert.deepEqual(staging.services[0]?.scale, { min: 1, max: 3, cpu: 70, memory: 80 });
  assert.deepEqual(staging.services[0]?.access, { kind: "public", hosts: ["staging.agents.acme.example"] });
  assert.equal(staging.data.postgres?.backups, undefined);
  assert.equal(staging.data.postgres?.highAvailability, true);
  assert.equal(resolveEnvironment(read, "production").services[0]?.scale.min, 3);
  const wrong = change("scale: { min: 1, max: 3 }", "scale: { min: 9, max: 3 }");
  assert.match(told(wrong, "staging"), /`environments.staging.overrides.services.web.scale.max` must have a max/);
  assert.equal(told(wrong, "production"), "");
  assert.deepEqual(mergeYaml({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: { f: null } }, d: [2] }), {
    a: { c: 2, e: {} },
    d: [2],
  });
});

test("parts that do not fit each other are refused", () => {
  assert.match(
    told(
      change("  redis: { memory: 1Gi }\n", "").replace("redis: { network: 10.20.1.0/24, highAvailability: true }", ""),
    ),
    /`services.web.scale.max` must be 1 without `data.redis`/,
  );
  assert.match(
    told(
      change("scale: { min: 3, max: 10, cpu: 70, memory: 80 }", "scale: { min: 1, max: 1 }")
        .replace("  redis: { memory: 1Gi }\n", "")
        .replace("redis: { network: 10.20.1.0/24, highAvailability: true }", "")
        .replace("  production:\n    target: kubernetes", "  production:\n    target: ecs"),
    ),
    /is for each of 2 regions, and there may be one instance without `data.redis`/,
  );
  assert.match(
    told(change("maxConnections: 250", "maxConnections: 50")),
    /`data.postgres.maxConnections` must be at least 120/,
  );
  assert.match(told(text.replace(/  BACKUP_DATABASE_URL.*\n/, "")), /needs the secret BACKUP_DATABASE_URL/);
  assert.match(told(change("scale: { min: 3,", "scale: { min: 0,")), /must be at least 1 on kubernetes/);
  assert.match(
    told(change("gcp-sm://projects/acme-generator/secrets/redis-url/versions/1", "file:/run/secrets/redis")),
    /must lie in gcp-sm, aws-sm or azure-kv/,
  );
  assert.match(
    told(change("  production:\n", "  produktion:\n")),
    /There is no environment "production", did you mean "produktion"\?/,
  );
});

test("the reference and the JSON Schema for editors are those of the schema", async () => {
  await assertKept("docs/reference/slipway-yaml.md", specReference());
  await assertKept("docs/reference/slipway-yaml.schema.json", specJsonSchema());
});

test("every field that the control plane reads is explained in the reference", () => {
  const unexplained = specReference()
    .split("\n")
    .filter((row) => /^\| `(?!routes|limits|audit|identity)/.test(row) && /\| {2}\|$/.test(row));
  assert.deepEqual(unexplained, []);
});

test("whatever is answered to init, the file that it writes is right, or the answer is refused", () => {
  const answers: Answers = {
    name: "my-agents",
    target: "kubernetes",
    provider: "gke",
    host: "a.example",
    image: "r.example/slipway",
  };
  for (const provider of ["gke", "eks", "aks", "generic"] as const) {
    for (const target of ["kubernetes", "compose"] as const) {
      for (const host of ["a.example", undefined])
        assert.match(scaffold({ ...answers, provider, target, host }), /^name: my-agents$/m);
    }
  }
  for (const wrong of [{ name: "My Agents" }, { host: "no host" }, { image: "UPPER" }])
    assert.throws(() => scaffold({ ...answers, ...wrong }), { code: "config_invalid" });
});

test("a service that is called as what a platform is given besides is refused there, and so is a name that is too long with the system's", () => {
  const beside = (name: string, environment: string): string =>
    told(change("\n  web:\n", `\n  ${name}: { roles: [router], scale: { max: 1 } }\n  web:\n`), environment);
  for (const name of ["migrate", "backup", "secrets", "network"])
    assert.match(beside(name, "production"), /is the name of what is made besides services on kubernetes/, name);
  for (const name of ["haproxy", "postgres", "redis", "login", "migrate"])
    assert.match(beside(name, "development"), /is the name of what is made besides services on compose/, name);
  for (const name of ["haproxy", "gateway", "scheduler"]) assert.equal(beside(name, "production"), "", name);
  const staging = beside("backup", "staging");
  assert.equal(staging, "", "there are no backups in staging");
  assert.equal(beside("network", "development"), "");
  assert.match(beside("web-next", "development"), /is what the next release of web is called on compose/);
  assert.equal(beside("web-next", "production"), "");
  const long = (text_: string): string => text_.replace("name: generator", `name: ${"a".repeat(40)}`);
  assert.equal(told(long(text)), "");
  const both = long(
    text.replace("\n  web:\n", `\n  ${"w".repeat(23)}: { roles: [router], scale: { max: 1 } }\n  web:\n`),
  );
  assert.match(told(both), /may have 22 characters on kubernetes: with the system's name before it 63/);
  const space = long(text).replace("  production:\n", `  ${"p".repeat(23)}:\n`);
  assert.match(told(space, "p".repeat(23)), /makes a namespace of more than 63 characters/);
});

test("a secret that would reach its service as a reference that nobody follows is refused, where all are handed over so", () => {
  const stripe = change(
    "  OPENAI_API_KEY:",
    "  STRIPE_KEY: gcp-sm://projects/acme-generator/secrets/stripe/versions/1\n  OPENAI_API_KEY:",
  );
  assert.match(
    told(stripe, "development"),
    /`secrets\.STRIPE_KEY` comes as a file on compose, and nothing reads STRIPE_KEY so/,
  );
  assert.equal(told(stripe), "");
  const without = stripe.replace(
    "        web:\n          scale: { min: 1, max: 2 }",
    "        web:\n          scale: { min: 1, max: 2 }\n          secrets: [API_KEY, DATABASE_URL, REDIS_URL, ENCRYPTION_KEY, OPENAI_API_KEY]",
  );
  assert.notEqual(without, stripe);
  assert.equal(told(without, "development"), "");
});
