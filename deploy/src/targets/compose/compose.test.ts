import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { EXAMPLES, exampleText, renderExample, renderText, textOf } from "../../testing/examples.ts";

interface ComposeService {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly cpus?: number;
  readonly mem_limit?: string;
  readonly pids_limit?: number;
  readonly deploy?: unknown;
  readonly labels?: unknown;
}

const servicesIn = (text: string): Readonly<Record<string, ComposeService>> =>
  (parse(text) as { services: Readonly<Record<string, ComposeService>> }).services;

const rendered = await Promise.all(
  EXAMPLES.filter(({ target }) => target === "compose").map(async (example) => ({
    example,
    services: servicesIn(textOf(await renderExample(example), "compose.yaml")),
  })),
);

test("every container is bounded where Compose 1 and 2 both look, and nothing stands under deploy", () => {
  for (const { example, services } of rendered)
    for (const [name, service] of Object.entries(services)) {
      const where = `${example.system} ${example.environment}: ${name}`;
      assert.ok(service.cpus && service.mem_limit && service.pids_limit, where);
      assert.equal(service.deploy, undefined, where);
    }
});

test("the next release has an image, a name and migrations of its own, and starts only when it is asked for", () => {
  for (const { services } of rendered)
    for (const [name, service] of Object.entries(services)) {
      const next = name.endsWith("-next");
      assert.deepEqual(service.profiles, next ? ["next"] : undefined);
      assert.equal(service.image.startsWith("${NEXT_IMAGE:-"), next, name);
      if (service.environment?.["SLIPWAY_ROLES"] === undefined) continue;
      assert.equal(service.environment["SLIPWAY_RELEASE"] === "${NEXT_RELEASE:-next}", next, name);
      assert.ok(service.depends_on?.[next ? "migrate-next" : "migrate"], name);
    }
});

test("one that ends is waited for by one that goes on, or `up --wait` would take its end for a failure", () => {
  for (const { services } of rendered)
    for (const name of ["login", "migrate", "migrate-next"])
      assert.ok(
        Object.values(services).some((one) => one.depends_on?.[name]?.condition === "service_completed_successfully"),
        name,
      );
});

test("PostgreSQL 18 keeps its data where its image wants it, the versions before where theirs did", async () => {
  const text = await exampleText("agent-generator");
  const volumes = async (version: string): Promise<readonly string[] | undefined> => {
    const files = await renderText(text.replace('version: "17"', `version: "${version}"`), "development");
    return servicesIn(textOf(files, "compose.yaml"))["postgres"]?.volumes;
  };
  assert.deepEqual(await volumes("17"), ["postgres:/var/lib/postgresql/data"]);
  assert.deepEqual(await volumes("18"), ["postgres:/var/lib/postgresql"]);
});

test("a balancer whose configuration is another one is another container, and one whose configuration stayed is the same", async () => {
  const text = await exampleText("agent-generator");
  const label = async (spec: string): Promise<unknown> => {
    const files = await renderText(spec, "development");
    return servicesIn(textOf(files, "compose.yaml"))["haproxy"]?.labels;
  };
  assert.ok(await label(text));
  assert.deepEqual(await label(text.replace("LOGGING_LEVEL: info", "LOGGING_LEVEL: warning")), await label(text));
  assert.notDeepEqual(
    await label(text.replace("[agents.acme.example]", "[agents.acme.example, b.example]")),
    await label(text),
  );
});

test("where no password can be made, no secret is made of none; what was made stays when the script is run again", async (t) => {
  const files = await renderText(await exampleText("agent-generator"), "development");
  const folder = mkdtempSync(join(tmpdir(), "slipway-secrets-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const tool of ["dirname", "mkdir", "chmod", "cat", "tr"]) {
    const path =
      (process.env["PATH"] ?? "").split(delimiter).find((one) => existsSync(join(one, tool))) ?? assert.fail(tool);
    symlinkSync(join(path, tool), join(folder, tool));
  }
  writeFileSync(join(folder, "make-secrets.sh"), textOf(files, "make-secrets.sh"));
  const made = (PATH: string): number | null =>
    spawnSync("/bin/sh", [join(folder, "make-secrets.sh")], { env: { PATH } }).status;
  const read = (name: string): string => readFileSync(join(folder, "secrets", name), "utf8");
  assert.notEqual(made(folder), 0);
  assert.equal(existsSync(join(folder, "secrets/DATABASE_URL")), false);
  writeFileSync(join(folder, "openssl"), "#!/bin/sh\necho abcdef\n", { mode: 0o755 });
  // What only a person knows is still missing.
  assert.equal(made(folder), 1);
  assert.match(read("DATABASE_URL"), /:abcdef@/);
  writeFileSync(join(folder, "openssl"), "#!/bin/sh\necho 123456\n", { mode: 0o755 });
  made(folder);
  assert.equal(read("POSTGRES_PASSWORD"), "abcdef");
  assert.match(read("MIGRATION_DATABASE_URL"), /:abcdef@/);
});
