import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { check } from "#check/check.ts";
import { TODAY } from "#check/testing.ts";
import { isMap } from "#spec/merge.ts";
import { exampleText, renderExample, renderText, textOf } from "../../testing/examples.ts";
import { changedSpec } from "../../testing/pipelines.ts";

const PREVIEW = { system: "copilot", environment: "railway", target: "railway" } as const;

/** The fields of Railway's config as code that we render, as its reference has them (https://docs.railway.com/config-as-code/reference, 2026-11-21). */
const DOCUMENTED: Readonly<Record<string, (value: unknown) => boolean>> = {
  $schema: (value) => value === "https://railway.com/railway.schema.json",
  "build.builder": (value) => value === "RAILPACK" || value === "DOCKERFILE",
  "build.dockerfilePath": (value) => typeof value === "string",
  "deploy.preDeployCommand": (value) => Array.isArray(value) && value.every((one) => typeof one === "string"),
  "deploy.healthcheckPath": (value) => typeof value === "string" && value.startsWith("/"),
  "deploy.healthcheckTimeout": (value) => typeof value === "number" && value > 0,
  "deploy.restartPolicyType": (value) => ["ON_FAILURE", "ALWAYS", "NEVER"].includes(String(value)),
  "deploy.numReplicas": (value) => Number.isInteger(value),
  "deploy.overlapSeconds": (value) => Number.isInteger(value),
  "deploy.drainingSeconds": (value) => Number.isInteger(value),
};

function faults(text: string): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown, path: string): void => {
    const region = /^deploy\.multiRegionConfig\.[a-z0-9-]+\.numReplicas$/.test(path);
    if (region ? Number.isInteger(value) : DOCUMENTED[path]?.(value)) return;
    if (!isMap(value)) found.push(path);
    else for (const [name, inner] of Object.entries(value)) walk(inner, path === "" ? name : `${path}.${name}`);
  };
  walk(JSON.parse(text), "");
  return found;
}

test("railway.json has no field that Railway's reference does not have, and of the right type; broken ones are noticed", async () => {
  const text = textOf(await renderExample(PREVIEW), "copilot/railway.json");
  assert.deepEqual(faults(text), []);
  const alone = await changedSpec("copilot", { environments: { railway: { regions: null } } });
  const without = textOf(await renderText(alone, "railway"), "copilot/railway.json");
  assert.deepEqual(faults(without), []);
  assert.match(without, /"numReplicas": 1/);
  const breakages = [
    ["healthcheckPath", "healthCheckPath"],
    ['"/ready"', '"ready"'],
    ["preDeployCommand", "releaseCommand"],
    ['"ALWAYS"', '"FOREVER"'],
    ['"DOCKERFILE"', '"DOCKER"'],
    ['"numReplicas": 1', '"numReplicas": "one"'],
    ["multiRegionConfig", "regions"],
  ] as const;
  for (const [from, to] of breakages) {
    const broken = text.replace(from, to);
    assert.notEqual(broken, text, from);
    assert.notDeepEqual(faults(broken), [], to);
  }
});

test("migrations run before requests move, in one service alone, and the health check asks for readiness", async () => {
  const two = await changedSpec("copilot", {
    services: { worker: { roles: ["worker"], scale: { min: 1, max: 1 }, access: { kind: "internal" } } },
  });
  const files = await renderText(two, "railway");
  const [first, second] = ["copilot", "worker"].map(
    (name) =>
      (JSON.parse(textOf(files, `${name}/railway.json`)) as { deploy: Readonly<Record<string, unknown>> }).deploy,
  );
  assert.deepEqual(first?.["preDeployCommand"], ["node server/dist/main.mjs migrate --grant-to slipway_server"]);
  assert.equal(second?.["preDeployCommand"], undefined);
  assert.equal(first?.["healthcheckPath"], "/ready");
  assert.equal(first?.["drainingSeconds"], 30);
  assert.match(textOf(files, "copilot/Dockerfile"), /^FROM ghcr\.io\/acme\/copilot@sha256:[0-9a-f]{64}$/m);
  const script = textOf(files, "setup.sh");
  assert.match(script, /put copilot MIGRATION_DATABASE_URL/);
  assert.doesNotMatch(script, /put worker MIGRATION_DATABASE_URL/);
  assert.doesNotMatch(script, /railway domain.*worker/);
});

test("what Railway cannot do is refused with the way out", async () => {
  const refused = async (railway: unknown): Promise<string> => {
    try {
      await renderText(await changedSpec("copilot", { environments: { railway } }), "railway");
    } catch (error) {
      assert.ok(error instanceof SlipwayError);
      assert.equal(error.code, "spec_incomplete");
      return `${error.message} ${error.hint ?? ""}`;
    }
    return "nothing";
  };
  assert.equal(await refused({}), "nothing");
  const overrides = (over: unknown): unknown => ({ overrides: over });
  assert.match(
    await refused(overrides({ services: { copilot: { access: { kind: "private", hosts: [] } } } })),
    /no identities of callers.*kind: internal/,
  );
  assert.match(await refused({ rollout: { strategy: "canary" } }), /no canary releases/);
  assert.match(
    await refused({ regions: ["europe-west4"] }),
    /The region europe-west4 is none of Railway's, europe-west4-drams3a is/,
  );
  assert.match(await refused(overrides({ images: { app: "ghcr.io/acme/copilot:1" } })), /has no digest.*--digest/);
  assert.match(await refused(overrides({ images: null })), /signs in to no registry/);
  assert.match(
    await refused(overrides({ data: { postgres: { backups: { bucket: "acme-copilot-backups" } } } })),
    /no job that brings dumps/,
  );
});

test("our own check finds nothing in what is rendered for Railway", async () => {
  const { found, files } = check(await renderExample(PREVIEW), { today: TODAY });
  assert.deepEqual(
    found.map(({ finding }) => `${finding.file} ${finding.rule}`),
    [],
  );
  assert.ok(files >= 2, String(files));
});

test("an environment on Railway brings its own database: neither its addresses nor a backup's are asked for as secrets", async () => {
  const without = (await exampleText("copilot")).replace(
    /^ {2}(DATABASE_URL|MIGRATION_DATABASE_URL|BACKUP_DATABASE_URL|REDIS_URL): .*\n/gm,
    "",
  );
  assert.ok((await renderText(without, "railway")).length > 3);
  await assert.rejects(renderText(without, "enterprise"), /needs the secret DATABASE_URL/);
});
