import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { secretPlace } from "../contracts/src/spec/secret.ts";
import type { RenderedFile } from "../deploy/src/render/file.ts";
import { EXAMPLES, type Example, renderExample, textOf } from "../deploy/src/testing/examples.ts";
import { loadConfig } from "../server/src/config/config.ts";
import { parseReference } from "@slipway/contracts/spec/secret-reference.ts";
import { findProgram } from "../tools/testing/command.ts";
import { type KubernetesSchemas, readKubernetesSchemas, SCHEMAS } from "./support/manifests/kubernetes-schemas.ts";
import { mutationsOf } from "./support/manifests/mutations.ts";

// What others say of the rendered files: their schemas and their programs. docs/reference/validation.md lists who judges what.

type Values = Readonly<Record<string, unknown>>;

const of = (target: Example["target"]): readonly Example[] => EXAMPLES.filter((example) => example.target === target);

function documents(text: string): readonly Values[] {
  return parseAllDocuments(text, { version: "1.1" }).map((document) => document.toJS() as Values);
}

async function schemasFor(t: TestContext): Promise<KubernetesSchemas | undefined> {
  const schemas = await readKubernetesSchemas();
  if (schemas !== undefined) return schemas;
  const reason = `the schemas of Kubernetes are not there: put them at ../shared/schemas beside the repository (${SCHEMAS})`;
  if (process.env["CI"]) assert.fail(reason);
  t.skip(reason);
  return undefined;
}

interface Judged {
  readonly code: number;
  readonly said: string;
}

async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  timeout = 60_000,
): Promise<Judged & { readonly out: string }> {
  return await new Promise((resolve) => {
    execFile(program, args, { cwd, timeout, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, said: stdout.slice(-2000) + stderr.slice(-2000), out: stdout });
    });
  });
}

async function folderWith(t: TestContext, files: readonly RenderedFile[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-rendered-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** A program that `./slipway test` sets up; undefined, and the test is skipped, where it is not. */
function program(
  t: TestContext,
  variable: "HAPROXY_PATH" | "PROMTOOL_PATH" | "DOCKER_COMPOSE_PATH",
): string | undefined {
  const path = process.env[variable];
  if (!path) t.skip(`requires a program: ./slipway test sets it up, or set ${variable}`);
  return path || undefined;
}

test("every object that is rendered for Kubernetes is one by the schemas of Kubernetes and of its custom resources", async (t) => {
  const schemas = await schemasFor(t);
  if (schemas === undefined) return;
  for (const example of of("kubernetes")) {
    const files = await renderExample(example);
    const argocd = files.filter(({ path }) => path.startsWith("argocd/")).map(({ text }) => text);
    for (const object of [textOf(files, "plain/all.yaml"), ...argocd].flatMap(documents)) {
      const { faults } = await schemas.faults(object);
      assert.deepEqual(faults, [], `${example.system} ${example.environment}: ${String(object["kind"])}`);
    }
  }
});

test("the schemas notice at least 95 of 100 breakages of what is rendered, and at least five ways for each kind", async (t) => {
  const schemas = await schemasFor(t);
  if (schemas === undefined) return;
  const kinds = new Map<string, number>();
  const missed: string[] = [];
  let tried = 0;
  for (const example of of("kubernetes")) {
    const files = await renderExample(example);
    const argocd = files.filter(({ path }) => path.startsWith("argocd/")).map(({ text }) => text);
    for (const object of [textOf(files, "plain/all.yaml"), ...argocd].flatMap(documents)) {
      const kind = String(object["kind"]);
      for (const mutation of mutationsOf(object)) {
        tried += 1;
        const noticed = (await schemas.faults(mutation.object)).faults.length > 0;
        if (noticed) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        else missed.push(`${kind}: ${mutation.what}`);
      }
    }
  }
  t.diagnostic(`${tried - missed.length} of ${tried} breakages of ${kinds.size} kinds noticed`);
  assert.ok(missed.length <= tried * 0.05, `${missed.length} of ${tried}:\n${[...new Set(missed)].join("\n")}`);
  for (const [kind, count] of kinds) assert.ok(count >= 5, `only ${count} for ${kind}`);
});

interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly command?: readonly string[];
}

/** What a secret becomes for a server that only reads its settings. */
function secretValue(name: string): string {
  if (name.endsWith("DATABASE_URL")) return "postgresql://slipway_server:secret@db.internal:5432/slipway";
  return name === "REDIS_URL" ? "rediss://:secret@redis.internal:6379" : "ab".repeat(32);
}

/** The same of services and jobs of Cloud Run. */
function cloudRunEnvironments(files: readonly RenderedFile[]): readonly Readonly<Record<string, string>>[] {
  const found = files
    .filter(({ path }) => path.startsWith("services/") || path === "jobs/migrate.yaml")
    .map(({ text }) => {
      const { template } = (parse(text) as { spec: { template: { spec: Values } } }).spec;
      const pod = (template.spec["template"] as { spec: Values } | undefined)?.spec ?? template.spec;
      return (pod as unknown as { containers: readonly Container[] }).containers[0]?.env ?? [];
    });
  return found.map((env) => Object.fromEntries(env.map(({ name, value }) => [name, value ?? secretValue(name)])));
}

/** The environment of every container of the server in the files of an example, secrets filled in. */
function serverEnvironments(
  example: Example,
  files: readonly RenderedFile[],
): readonly Readonly<Record<string, string>>[] {
  if (example.target === "compose") {
    const { services } = parse(textOf(files, "compose.yaml")) as {
      services: Readonly<Record<string, { environment?: Readonly<Record<string, string>> }>>;
    };
    const ours = Object.values(services).flatMap(({ environment = {} }) =>
      "APP_ENV" in environment ? [environment] : [],
    );
    return ours.map((environment) =>
      Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          value.startsWith("file:") ? secretValue(name) : value,
        ]),
      ),
    );
  }
  if (example.target === "cloud-run") return cloudRunEnvironments(files);
  const objects = documents(textOf(files, "plain/all.yaml"));
  const secrets = (component: unknown) =>
    objects
      .filter(({ kind }) => kind === "ExternalSecret")
      .filter(({ metadata }) => (metadata as { labels: Values }).labels["app.kubernetes.io/component"] === component)
      .flatMap(({ spec }) => (spec as { data: readonly { secretKey: string }[] }).data)
      .map(({ secretKey }) => [secretKey, secretValue(secretKey)] as const);
  return objects
    .filter(({ kind }) => kind === "Deployment" || kind === "Job")
    .map(({ metadata, spec }) => {
      const [container] = (spec as { template: { spec: { containers: readonly Container[] } } }).template.spec
        .containers;
      const component = (metadata as { labels: Values }).labels["app.kubernetes.io/component"];
      return Object.fromEntries([
        ...(container?.env ?? []).map(({ name, value = "" }) => [name, value] as const),
        ...secrets(component),
      ]);
    });
}

test("the server takes the settings that every container of it gets, and refuses them without a secret", async () => {
  for (const example of [...of("compose"), ...of("kubernetes")]) {
    const environments = serverEnvironments(example, await renderExample(example));
    assert.ok(environments.length >= 2, `${example.system} ${example.environment}: ${environments.length}`);
    for (const environment of environments) {
      const config = loadConfig(environment, "/");
      assert.equal(config.database.url?.includes("db.internal"), true);
      if (config.environment === "production") {
        const { DATABASE_URL: _database, MIGRATION_DATABASE_URL: _migration, ...without } = environment;
        assert.throws(() => loadConfig(without, "/"), /DATABASE_URL/);
      }
      assert.throws(() => loadConfig({ ...environment, MAX_CONCURRENCY: "many" }, "/"), /MAX_CONCURRENCY/);
    }
  }
});

test("a reference to a secret that the spec takes is one that the server takes", () => {
  const references = [
    "gcp-sm://projects/p/secrets/s/versions/3",
    "gcp-sm://projects/p/secrets/s/versions/latest#field",
    "aws-sm://eu-central-1/path/name#field",
    "azure-kv://vault-name/secret-name",
    "azure-kv://vault-name/secret-name/0123456789abcdef#field",
    "vault://mount/path/to#field",
    "file:/run/secrets/name",
  ];
  for (const reference of references) {
    assert.equal(secretPlace(reference)?.kind, parseReference(reference).kind);
    for (const broken of [
      reference.replace(":", ""),
      `x${reference}`,
      reference.slice(0, reference.indexOf(":") + 1),
    ]) {
      assert.equal(secretPlace(broken), undefined, broken);
      assert.throws(() => parseReference(broken), RangeError);
    }
  }
});

test("kubectl makes of base and overlay exactly the plain objects, and refuses an overlay that is broken", async (t) => {
  const kubectl = findProgram("kubectl");
  if (kubectl === undefined) {
    t.skip("there is no kubectl on this machine, and Debian's is too old");
    return;
  }
  const byId = (objects: readonly Values[]) =>
    new Map(
      objects.map((object) => [`${String(object["kind"])}/${String((object["metadata"] as Values)["name"])}`, object]),
    );
  for (const example of of("kubernetes")) {
    const files = await renderExample(example);
    const folder = await folderWith(t, files);
    const overlay = `kustomize/overlays/${example.environment}`;
    const { code, said, out } = await run(kubectl, ["kustomize", overlay], folder);
    assert.equal(code, 0, said);
    assert.deepEqual(byId(documents(out)), byId(documents(textOf(files, "plain/all.yaml"))));
    const text = textOf(files, `${overlay}/kustomization.yaml`);
    await writeFile(join(folder, overlay, "kustomization.yaml"), text.replace("../../base", "../../bases"));
    assert.notEqual((await run(kubectl, ["kustomize", overlay], folder)).code, 0);
  }
});

test("promtool takes every alert rule, and notices broken ones", async (t) => {
  const promtool = program(t, "PROMTOOL_PATH");
  if (promtool === undefined) return;
  for (const example of of("kubernetes")) {
    const objects = documents(textOf(await renderExample(example), "plain/all.yaml"));
    const rule = objects.find(({ kind }) => kind === "PrometheusRule");
    const text = stringify(rule?.["spec"], { lineWidth: 0 });
    const folder = await folderWith(t, [
      { path: "right.yaml", text },
      ...[
        text.replace("sum(rate(", "sum(rat("),
        text.replace("[5m]", "[5 minutes]"),
        text.replace("expr:", "expression:"),
        text.replace(/for: \d+s/, "for: soon"),
        text.replace('status=~"5.."', 'status=~"5..('),
        text.replace("alert:", "alerts:"),
      ].map((broken, index) => ({ path: `broken-${index}.yaml`, text: broken })),
    ]);
    const right = await run(promtool, ["check", "rules", "right.yaml"], folder);
    assert.equal(right.code, 0, right.said);
    for (let index = 0; index < 6; index += 1)
      assert.notEqual(
        (await run(promtool, ["check", "rules", `broken-${index}.yaml`], folder)).code,
        0,
        `broken-${index}`,
      );
  }
});

test("HAProxy takes every configuration of the balancer, and notices broken ones", async (t) => {
  const haproxy = program(t, "HAPROXY_PATH");
  if (haproxy === undefined) return;
  const breakages = [
    ["mode http", "mode htttp"],
    ["default_backend ", "default_backend un"],
    ["balance leastconn", "balance leastcon"],
    ["weight 100", "weight 1000"],
    ["resolvers engine init", "resolvers engines init"],
    ["bind :8080", "bind :http-port"],
  ] as const;
  for (const example of of("compose")) {
    const text = textOf(await renderExample(example), "haproxy.cfg");
    const broken = breakages.map(([from, to], index) => ({
      path: `broken-${index}.cfg`,
      text: text.replace(from, to),
    }));
    const folder = await folderWith(t, [{ path: "haproxy.cfg", text }, ...broken]);
    const right = await run(haproxy, ["-c", "-f", "haproxy.cfg"], folder);
    assert.equal(right.code, 0, right.said);
    assert.doesNotMatch(right.said, /WARNING/);
    for (const { path } of broken) assert.notEqual((await run(haproxy, ["-c", "-f", path], folder)).code, 0, path);
  }
});

test("docker-compose takes every Compose file as it was meant, and notices broken ones", async (t) => {
  const compose = program(t, "DOCKER_COMPOSE_PATH");
  if (compose === undefined) return;
  const breakages = [
    ["read_only: true", "read_only: maybe"],
    ["services:", "service:"],
    ["condition: service_healthy", "condition: service_wealthy"],
    ["cap_drop:", "cap_dropped:"],
    ["pids_limit: 512", "pids_limit: [512]"],
    ["restart: unless-stopped", "restart: [always]"],
  ] as const;
  for (const [index, example] of of("compose").entries()) {
    const files = await renderExample(example);
    // Debian's version is older than the field `name`, which newer ones have: it judges the rest.
    const text = textOf(files, "compose.yaml").replace(/^name: .*\n/m, "");
    const secrets = Object.keys((parse(text) as { secrets: Values }).secrets);
    const folder = await folderWith(t, [
      { path: "compose.yaml", text },
      ...secrets.map((name) => ({ path: `secrets/${name}`, text: "x" })),
    ]);
    const right = await run(compose, ["-f", "compose.yaml", "config"], folder);
    assert.equal(right.code, 0, right.said);
    // It takes most of a second each time.
    for (const [from, to] of index === 0 ? breakages : []) {
      await writeFile(join(folder, "broken.yaml"), text.replace(from, to));
      assert.notEqual((await run(compose, ["-f", "broken.yaml", "config", "--quiet"], folder)).code, 0, to);
    }
  }
});

test("the library by which Compose 2 reads its files takes every one of them, and refuses broken ones", async (t) => {
  const folder = await folderWith(t, []);
  const judge = join(folder, "judge");
  if (findProgram("go") === undefined) return t.skip("there is no Go on this machine");
  const built = await run("go", ["build", "-o", judge, "."], join(import.meta.dirname, "compose-judge"), 300_000);
  if (built.code !== 0) return t.skip(`Go cannot build the judge here: ${built.said.slice(-300)}`);
  const write = async (name: string, text: string): Promise<string> => {
    const file = join(folder, name, "compose.yaml");
    await mkdir(dirname(file));
    await writeFile(file, text);
    return file;
  };
  const texts = await Promise.all(
    of("compose").map(async (example) => ({ ...example, text: textOf(await renderExample(example), "compose.yaml") })),
  );
  const files = await Promise.all(
    texts.map(({ system, environment, text }) => write(`${system}-${environment}`, text)),
  );
  const right = await run(judge, files, folder);
  assert.equal(right.code, 0, right.said);
  const breakages = [
    // What Compose 1 takes, and was rendered once.
    ["    mem_limit: 1024m", "    deploy: { resources: { limits: { memory: 1024m } } }\n    mem_limit: 512m"],
    ["    pids_limit: 512", "    pids_limit: 512\n    deploy: { resources: { limits: { pids: 64 } } }"],
    ["condition: service_healthy", "condition: service_wealthy"],
    ["scale: 1", "scale: many"],
    ["internal: true", "internal: perhaps"],
    ["- back\n", "- bakc\n"],
  ] as const;
  for (const [index, [from, to]] of breakages.entries()) {
    const text = texts[0]?.text ?? "";
    assert.ok(text.includes(from), from);
    const broken = await write(`broken-${index}`, text.replace(from, to));
    assert.notEqual((await run(judge, [broken], folder)).code, 0, to);
  }
});
