import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";
import { loadConfig } from "./config.ts";
import { readConfigFile, readConfigFileAgain } from "./config-file.ts";
import { watchFile } from "./watch-file.ts";

const RIGHT = `
routes:
  - name: chat
    models: [chat, "fast-*"]
    strategy: weighted
    targets:
      - target: openai/gpt-5-mini
        weight: 3
      - target: anthropic/claude-haiku-4-5
    fallback: [google/gemini-flash-latest]
    timeouts: { firstToken: 20s, total: 2m }
`;

function told(text: string): string {
  try {
    readSlipwayYaml(text, "slipway.yaml");
  } catch (error) {
    assert.ok(error instanceof SlipwayError);
    assert.equal(error.code, "config_invalid");
    return error.message;
  }
  return "";
}

test("a right file becomes values, with what has a default filled in", () => {
  const { spec } = readSlipwayYaml(RIGHT, "slipway.yaml");
  const [route] = spec.routes;
  assert.equal(route?.strategy, "weighted");
  assert.deepEqual(
    route.targets.map(({ weight }) => weight),
    [3, 1],
  );
  assert.deepEqual(readSlipwayYaml("", "slipway.yaml").spec, { identity: { issuers: [] }, routes: [], limits: [] });
  assert.deepEqual(readSlipwayYaml("# nothing\n", "slipway.yaml").spec, {
    identity: { issuers: [] },
    routes: [],
    limits: [],
  });
});

test("each mistake is told by line, column, path, and what was probably meant", () => {
  const mistakes = [
    ["routess: []\n", "slipway.yaml:1:1: `routess` is no field here; did you mean `routes`?"],
    [
      RIGHT.replace("weight: 3", "wieght: 3"),
      "slipway.yaml:8:9: `routes[0].targets[0].wieght` is no field here; did you mean `weight`?",
    ],
    [
      RIGHT.replace("weighted", "wighted"),
      "slipway.yaml:5:15: `routes[0].strategy` must be one of priority, weighted, price, latency, affinity; did you mean `weighted`?",
    ],
    [
      RIGHT.replace("20s", "20 seconds"),
      "slipway.yaml:11:29: `routes[0].timeouts.firstToken` must be a time such as 500ms, 20s or 5m",
    ],
    [
      RIGHT.replace("openai/gpt-5-mini", "gpt-5-mini"),
      "slipway.yaml:7:17: `routes[0].targets[0].target` must be <provider>/<model>",
    ],
    [RIGHT.replace('"fast-*"', '"*-fast-*"'), "slipway.yaml:4:20: `routes[0].models[1]` may hold one * at most"],
    [
      RIGHT.replace("weight: 3", "weight: heavy"),
      "slipway.yaml:8:17: `routes[0].targets[0].weight` is wrong: Invalid input: expected number, received string",
    ],
    [RIGHT.replace("name: chat", "name: chat\n    name: chat"), "slipway.yaml:4:5: Map keys must be unique"],
    ["routes:\n  - name: a\n   targets: []\n", "slipway.yaml:3:1: "],
    ["routes:\n  - name: a\n", "slipway.yaml:2:5: `routes[0].targets` is wrong"],
  ] as const;
  for (const [text, expected] of mistakes)
    assert.ok(told(text).includes(expected), `${expected}\n--- told:\n${told(text)}`);
});

test("the server takes its own sections of a file that says how the system is deployed", async () => {
  const path = join(import.meta.dirname, "../../../examples/atp/slipway.yaml");
  const found = await readConfigFile({ path, required: true });
  assert.deepEqual(
    found?.read.spec.routes.map(({ name, strategy }) => [name, strategy]),
    [["chat", "latency"]],
  );
});

test("all mistakes are told at once, up to twenty", () => {
  const routes = Array.from({ length: 30 }, (_, index) => `  - { name: r${index}, targets: [{ target: x }] }\n`).join(
    "",
  );
  const lines = told(`routes:\n${routes}`).split("\n");
  assert.equal(lines.filter((line) => line.includes("must be <provider>")).length, 20);
  assert.match(lines.at(-1) ?? "", /and 10 more/);
});

test("aliases that would blow the file up are refused", () => {
  const levels = Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index},`.repeat(9)}]`);
  assert.match(told(["a0: &a0 [x, x]", ...levels].join("\n")), /alias/i);
});

test("a file that is missing is an error only where it is required", async () => {
  const path = join(tmpdir(), "slipway-no-such-folder", "slipway.yaml");
  assert.equal(await readConfigFile({ path, required: false }), undefined);
  await assert.rejects(readConfigFile({ path, required: true }), { code: "config_invalid" });
});

test("a file that is made, changed, replaced by renaming or removed is seen, and one that stays the same is not", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-watch-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "slipway.yaml");
  let heard = Promise.withResolvers<void>();
  let count = 0;
  const watching = watchFile(path, { settleMs: 5, pollMs: 50 }, () => {
    count += 1;
    heard.resolve();
    return Promise.resolve();
  });
  t.after(() => watching.close());
  await new Promise((resolve) => setTimeout(resolve, 100));
  const steps = [
    () => writeFile(path, "a"),
    () => writeFile(path, "ab"),
    async () => {
      await writeFile(`${path}.new`, "c");
      await rename(`${path}.new`, path);
    },
    () => rm(path),
  ];
  for (const step of steps) {
    heard = Promise.withResolvers();
    await step();
    await heard.promise;
  }
  const before = count;
  await writeFile(join(folder, "other"), "x");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(count, before);
});

test("a file that is emptied while it is in force says nothing; one that says that nothing holds is taken", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-empty-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "slipway.yaml");
  for (const text of ["", "\n \n"]) {
    await writeFile(path, text);
    assert.ok(await readConfigFile({ path, required: true }), "at the start");
    await assert.rejects(readConfigFileAgain({ path, required: false }), {
      code: "config_invalid",
      message: "slipway.yaml is empty.",
    });
  }
  await writeFile(path, "routes: []\n");
  assert.deepEqual((await readConfigFileAgain({ path, required: true }))?.read.spec.limits, []);
});

test("a file that is being written is read when it is whole", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-writing-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "slipway.yaml");
  await writeFile(path, "before");
  const read: string[] = [];
  const whole = Promise.withResolvers<void>();
  // It is written for longer than a file must rest, in pauses far shorter than that: a busy machine makes them longer.
  const watching = watchFile(path, { settleMs: 2000, pollMs: 60_000 }, async () => {
    read.push(await readFile(path, "utf8"));
    whole.resolve();
  });
  t.after(() => watching.close());
  await new Promise((resolve) => setTimeout(resolve, 100));
  await writeFile(path, "");
  const text = "x".repeat(50);
  for (const piece of text) {
    await appendFile(path, piece);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await whole.promise;
  assert.deepEqual(read, [text]);
});

test("a file's text may stand in the environment, where no file can be put beside the process; both are one too many", async () => {
  const settings = loadConfig({ SLIPWAY_CONFIG_TEXT: RIGHT }, "/nowhere").file;
  const found = await readConfigFile(settings);
  assert.equal(found?.read.spec.routes[0]?.name, "chat");
  const broken = loadConfig({ SLIPWAY_CONFIG_TEXT: RIGHT.replace("weighted", "heavy") }, "/nowhere").file;
  await assert.rejects(readConfigFile(broken), { code: "config_invalid", message: /SLIPWAY_CONFIG_TEXT/ });
  assert.throws(() => loadConfig({ SLIPWAY_CONFIG_TEXT: RIGHT, SLIPWAY_CONFIG: "a.yaml" }, "/nowhere"), /beside it/);
});
