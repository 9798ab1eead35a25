import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { type TargetName, TARGETS } from "@slipway/contracts/spec/environment.ts";
import { isMap } from "#spec/merge.ts";
import { EXAMPLES, exampleText, renderExample, renderText, SYSTEMS } from "../testing/examples.ts";
import { assertKept } from "../testing/kept-file.ts";
import type { RenderedFile } from "./file.ts";

const asText = (files: readonly RenderedFile[]): string =>
  files.map(({ path, text }) => `=== ${path}\n${text}`).join("\n");

// The other files are shown to say what `plain/all.yaml` says (kubernetes.test.ts, test/rendered.test.ts): a sum pins them.
const SHOWN =
  /^(plain|argocd|services|jobs|iam|edge|monitoring)\/|kustomization\.yaml$|\/(Chart|values)\.yaml$|^[^/]+$|^config\/|\/(data|base|services)\.yaml$/;

const golden = (files: readonly RenderedFile[]): string =>
  files
    .map(({ path, text }) => `=== ${path} ${hash("sha256", text).slice(0, 16)}\n${SHOWN.test(path) ? text : ""}`)
    .join("");

for (const example of EXAMPLES) {
  const { system, environment, target } = example;
  test(`${system} in ${environment} is rendered for ${target} as it was read and approved`, async () => {
    const text = golden(await renderExample(example));
    await assertKept(`deploy/src/render/golden/${system}-${environment}.txt`, text);
  });
}

/** What the rows of the requirements say that each system runs on. */
const WANTED: Readonly<Record<(typeof SYSTEMS)[number], readonly TargetName[]>> = {
  "agent-generator": ["compose", "kubernetes"],
  atp: ["cloud-run", "compose", "kubernetes"],
  copilot: ["compose", "kubernetes", "lambda", "railway"],
  "master-agent": ["cloud-run", "compose", "ecs", "kubernetes"],
  panelin: ["cloud-run", "compose"],
};

test("each system has an environment for every platform that its rows name, and all six are shown", () => {
  for (const system of SYSTEMS) {
    const targets = new Set(EXAMPLES.filter((one) => one.system === system).map(({ target }) => target));
    for (const target of WANTED[system]) assert.ok(targets.has(target), `${system} on ${target}`);
  }
  assert.deepEqual([...new Set(EXAMPLES.map(({ target }) => target))].sort(), [...TARGETS].sort());
});

/** The same values with the keys of every map in another order. */
function reordered(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, next));
  if (!isMap(value)) return value;
  const keys = Object.entries(value).map(([key, inner]) => ({ key, inner: reordered(inner, next), place: next() }));
  return Object.fromEntries(keys.sort((a, b) => a.place - b.place).map(({ key, inner }) => [key, inner]));
}

test("the order of keys, comments and blank lines of a spec change no byte of what is rendered; a value does", async () => {
  const texts = new Map(await Promise.all(EXAMPLES.map(async (e) => [e.system, await exampleText(e.system)] as const)));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...EXAMPLES),
      fc.infiniteStream(fc.double({ noNaN: true })),
      async (example, order) => {
        const text = texts.get(example.system) ?? "";
        const next = (): number => Number(order.next().value);
        const other = `# another file\n\n${stringify(reordered(parse(text), next))}`;
        const [one, two] = [await renderText(text, example.environment), await renderText(other, example.environment)];
        assert.equal(asText(two), asText(one));
      },
    ),
    { numRuns: 16 },
  );
  const text = texts.get("atp") ?? "";
  const one = asText(await renderText(text, "production"));
  assert.notEqual(asText(await renderText(text.replace("concurrency: 500", "concurrency: 501"), "production")), one);
});

test("an image without a digest is refused for a cluster, by name", async () => {
  const text = (await exampleText("atp")).replace(/(slipway)@sha256:\w+/, "$1:latest");
  await assert.rejects(renderText(text, "production"), {
    code: "spec_incomplete",
    message: /image `app` has no digest/,
  });
});
