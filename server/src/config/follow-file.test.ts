import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pino } from "pino";
import type { Directory } from "#store/directory.ts";
import { loadConfig } from "./config.ts";
import { followFile } from "./follow-file.ts";
import { followLimits } from "./follow-limits.ts";
import { followRoutes } from "./follow-routes.ts";
import { issuerSections } from "./issuers.ts";

const route = (target: string): string => `routes:\n  - name: chat\n    targets: [{ target: ${target} }]\n`;
const limits = (...names: readonly string[]): string =>
  `limits:\n${names.map((name) => `  - { name: ${name}, requestsPerMinute: 1 }\n`).join("")}`;

interface Line {
  readonly msg: string;
  readonly error?: { readonly message: string };
}

test("a changed file is in force as a whole, or nothing of it is", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-follow-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "slipway.yaml");
  let told = Promise.withResolvers<Line>();
  const log = pino({ level: "info" }, { write: (line: string) => told.resolve(JSON.parse(line) as Line) });
  const directory: Pick<Directory, "routes" | "limits"> = {
    routes: () => Promise.reject(new Error("is not asked")),
    limits: () => Promise.reject(new Error("is not asked")),
  };
  const versions: string[] = [];
  const routes = followRoutes({
    router: { setRoutes: ({ fileVersion }) => versions.push(`routes ${fileVersion}`) },
    audit: { setSpec: () => versions.push("audit") },
    directory: directory as Directory,
    providers: new Map([["openai", {} as never]]),
    compares: false,
  });
  const declared = followLimits({
    limits: { set: ({ fileVersion }) => versions.push(`limits ${fileVersion}`) },
    directory: directory as Directory,
    budgetsAreClosed: false,
    log,
  });
  const inForce = () => [routes.shared[0]?.targets[0]?.target, declared.shared.map(({ name }) => name).join(" ")];
  const sections = [routes, declared, issuerSections(loadConfig({}, folder).identity)];
  await writeFile(path, route("openai/first") + limits("a"));
  const following = await followFile({ file: { path, required: true }, sections, log });
  t.after(() => following.close());
  assert.deepEqual(inForce(), ["openai/first", "a"]);
  const change = async (text: string) => {
    told = Promise.withResolvers();
    versions.length = 0;
    await writeFile(path, text);
    return told.promise;
  };
  const wrong = [
    [route("openai/second") + limits("b", "b"), /:6:\d+: `limits\[1\]\.name`/],
    [route("nobody/second") + limits("b"), /:3:\d+: `routes\[0\]\.targets\[0\]\.target`/],
    [route("nobody/second") + limits("b", "b"), /`routes\[0\].*\n.*`limits\[1\]/],
    [
      `${route("openai/second")}identity: { issuers: [{ name: i, preset: google, tenant: t, role: { fallback: viewer } }] }\n`,
      /:4:\d+: `identity\.issuers\[0\]\.audiences/,
    ],
  ] as const;
  for (const [text, message] of wrong) {
    const { msg, error } = await change(text);
    assert.match(msg, /cannot be taken/);
    assert.match(error?.message ?? "", message);
    assert.deepEqual(inForce(), ["openai/first", "a"]);
    assert.deepEqual(versions, []);
  }
  assert.match((await change(route("openai/second") + limits("b", "c"))).msg, /is in force/);
  assert.deepEqual(inForce(), ["openai/second", "b c"]);
  const [version] = versions;
  assert.deepEqual(versions, [version, "audit", version?.replace("routes", "limits")]);
  await assert.rejects(
    async () => {
      await writeFile(path, limits("a", "a"));
      await followFile({ file: { path, required: true }, sections, log });
    },
    { code: "config_invalid" },
  );
});
