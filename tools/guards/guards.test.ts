import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { format } from "./format.ts";
import type { Guard, GuardResult } from "./guard.ts";
import { imports } from "./imports.ts";
import { lint } from "./lint.ts";
import { sizes } from "./sizes.ts";
import { sourceFiles, writtenFiles } from "./source-files.ts";
import { types } from "./types.ts";
import { unused } from "./unused.ts";
import { words } from "./words.ts";

// Each guard is shown a fault that it must see, planted into a copy of this checkout: a guard that is always green guards nothing.

const ROOT = dirname(dirname(import.meta.dirname));
const WORKSPACES = ["contracts", "server", "console", "deploy"];
const CONFIGS = [".oxlintrc.json", ".oxfmtrc.json", ".dependency-cruiser.cjs", ".gitignore"];
let copy = "";

/** Two lines that every planted module may have, so that only the fault under test is one. */
const used = (name: string): string => `export function ${name}(): number {\n  return 1;\n}\n`;

/** A word from pieces, so that the guard does not find it here. */
const together = (...pieces: readonly string[]): string => pieces.join("");

const LONG_FUNCTION = `export function long(): number {\n  let sum = 0;\n${"  sum += 1;\n".repeat(67)}  return sum;\n}\n`;

/** What stands at the limits and is no fault. */
const FINE = {
  "server/src/lib/fine.ts": LONG_FUNCTION.replace("  sum += 1;\n", ""),
  "server/src/lib/fine.test.ts": `describe("group", () => {\n${"  test();\n".repeat(80)}});\n`,
};

before(async () => {
  copy = await mkdtemp(join(tmpdir(), "slipway-guards-"));
  for (const path of [...(await writtenFiles(ROOT)), ...CONFIGS]) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await cp(join(ROOT, path), join(copy, path));
  }
  for (const [path, text] of [...PLANTED.flatMap(({ files }) => Object.entries(files)), ...Object.entries(FINE)]) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), text);
  }
  await linkPackages(copy);
});

after(() => rm(copy, { recursive: true, force: true }));

/** The packages of this checkout, with the copy's own workspaces in the place of the checkout's. */
async function linkPackages(root: string): Promise<void> {
  const packages = join(root, "node_modules");
  await mkdir(join(packages, "@slipway"), { recursive: true });
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    // dependency-cruiser looks for TypeScript from where it stands itself, so it must stand in the copy.
    if (name === "dependency-cruiser")
      await cp(join(ROOT, "node_modules", name), join(packages, name), { recursive: true });
    else if (name !== "@slipway") await symlink(join(ROOT, "node_modules", name), join(packages, name));
  }
  for (const name of WORKSPACES) await symlink(join(root, name), join(packages, "@slipway", name));
}

interface Planted {
  readonly guard: Guard;
  readonly fault: string;
  /** Paths and contents of what is planted. */
  readonly files: Readonly<Record<string, string>>;
  /** What the guard's output must say. */
  readonly said: RegExp;
}

const PLANTED: readonly Planted[] = [
  {
    guard: imports,
    fault: "a low room that imports a high one",
    files: {
      "server/src/lib/planted1.ts": 'import { createApp } from "#http/app.ts";\nexport const planted = createApp;\n',
    },
    said: /server\/src\/lib\/planted1\.ts → server\/src\/http\/app\.ts \[room-lib\]/,
  },
  {
    guard: imports,
    fault: "a low room that imports only a type from a high one",
    files: {
      "server/src/store/planted2.ts":
        'import type { Router } from "#router/router.ts";\nexport type Planted = Router;\n',
    },
    said: /server\/src\/store\/planted2\.ts → server\/src\/router\/router\.ts \[room-store\]/,
  },
  {
    guard: imports,
    fault: "a cycle",
    files: {
      "server/src/lib/planted3-a.ts": `import { b } from "./planted3-b.ts";\nexport const a = (): number => b();\n`,
      "server/src/lib/planted3-b.ts": `import { a } from "./planted3-a.ts";\nexport const b = (): number => a();\n`,
    },
    said: /planted3-[ab]\.ts → .*planted3-[ab]\.ts \[no-runtime-cycle\]/,
  },
  {
    guard: imports,
    fault: "a provider that imports another",
    files: {
      "server/src/providers/mock/planted4.ts": used("planted"),
      "server/src/providers/openai/planted4.ts":
        'import { planted } from "../mock/planted4.ts";\nexport const other = planted;\n',
    },
    said: /providers\/openai\/planted4\.ts → server\/src\/providers\/mock\/planted4\.ts \[providers-are-strangers\]/,
  },
  {
    guard: imports,
    fault: "a database driver outside of the store",
    files: { "server/src/audit/planted5.ts": 'import pg from "pg";\nexport const planted = pg;\n' },
    said: /server\/src\/audit\/planted5\.ts → .*node_modules\/pg\/.* \[drivers-only-in-store\]/,
  },
  {
    guard: imports,
    fault: "a request that leaves the server beside the egress client",
    files: {
      "server/src/agents/planted-egress.ts": 'import { get } from "node:https";\nexport const planted = get;\n',
    },
    said: /server\/src\/agents\/planted-egress\.ts → https \[outgoing-only-through-egress\]/,
  },
  {
    guard: lint,
    fault: "a fetch that leaves the server beside the egress client",
    files: {
      "server/src/agents/planted-fetch.ts":
        'export function planted(): Promise<Response> {\n  return fetch("https://example.com");\n}\n',
    },
    said: /planted-fetch\.ts[\s\S]*egress|egress[\s\S]*planted-fetch\.ts/,
  },
  {
    guard: imports,
    fault: "contracts that import a module of Node",
    files: {
      "contracts/src/planted6.ts": 'import { readFileSync } from "node:fs";\nexport const planted = readFileSync;\n',
    },
    said: /contracts\/src\/planted6\.ts → fs \[contracts-are-pure\]/,
  },
  {
    guard: imports,
    fault: "a control plane that imports the server",
    files: {
      "deploy/src/lib/planted7.ts":
        'import { createApp } from "../../../server/src/http/app.ts";\nexport const planted = createApp;\n',
    },
    said: /deploy\/src\/lib\/planted7\.ts → server\/src\/http\/app\.ts \[deploy-knows-contracts-only\]/,
  },
  {
    guard: imports,
    fault: "a pure stage that reads files",
    files: {
      "deploy/src/render/planted8.ts":
        'import { readFileSync } from "node:fs";\nexport const planted = readFileSync;\n',
    },
    said: /deploy\/src\/render\/planted8\.ts → fs \[deploy-pure-stages\]/,
  },
  {
    guard: imports,
    fault: "a folder that the order of rooms does not know",
    files: { "server/src/helpers/planted9.ts": 'import { join } from "node:path";\nexport const planted = join;\n' },
    said: /server\/src\/helpers\/planted9\.ts → path \[room-unknown\]/,
  },
  {
    guard: sizes,
    fault: "a function of 71 lines",
    files: { "server/src/lib/planted10.ts": LONG_FUNCTION },
    said: /server\/src\/lib\/planted10\.ts:1: long has 71 lines, at most 70/,
  },
  {
    guard: sizes,
    fault: "a file of 401 lines",
    files: { "server/src/lib/planted11.ts": "export const line = 1;\n".padEnd(23 + 400 * 3, "//\n") },
    said: /server\/src\/lib\/planted11\.ts: 401 lines, at most 400/,
  },
  {
    guard: unused,
    fault: "an export that nobody uses",
    files: {
      "deploy/src/lib/planted12.ts": `${used("planted")}${used("forgotten")}`,
      "deploy/src/lib/planted12.test.ts": 'import { planted } from "./planted12.ts";\nplanted();\n',
    },
    said: /forgotten\s+function\s+deploy\/src\/lib\/planted12\.ts/,
  },
  {
    guard: unused,
    fault: "a file that nobody imports",
    files: { "deploy/src/lib/planted13.ts": used("planted") },
    said: /Unused files[\s\S]*deploy\/src\/lib\/planted13\.ts/,
  },
  {
    guard: unused,
    fault: "a dependency that is not declared",
    files: { "deploy/src/lib/planted14.test.ts": 'import { pino } from "pino";\npino();\n' },
    said: /pino\s+deploy\/src\/lib\/planted14\.test\.ts/,
  },
  {
    guard: lint,
    fault: "a promise that nobody waits for",
    files: { "server/src/lib/planted15.ts": "export function planted(): void {\n  Promise.resolve();\n}\n" },
    said: /server\/src\/lib\/planted15\.ts:2:\d+: .*\[typescript\(no-floating-promises\)\]/,
  },
  {
    guard: lint,
    fault: "a value of any type",
    files: {
      "server/src/lib/planted16.ts": "export const planted = (value: string): number => JSON.parse(value).length;\n",
    },
    said: /server\/src\/lib\/planted16\.ts:1:\d+: .*\[typescript\(no-unsafe-/,
  },
  {
    guard: types,
    fault: "a wrong type",
    files: { "server/src/lib/planted17.ts": 'export const planted: number = "text";\n' },
    said: /server\/src\/lib\/planted17\.ts\(1,14\): error TS2322/,
  },
  {
    guard: types,
    fault: "a file that no project includes",
    files: { "console/planted18.ts": 'export const planted: number = "text";\n' },
    said: /console\/planted18\.ts: no tsconfig\.json includes it/,
  },
  {
    guard: format,
    fault: "a file that is not formatted",
    files: { "server/src/lib/planted19.ts": "export const planted   = 1\n" },
    said: /server\/src\/lib\/planted19\.ts: not formatted/,
  },
  {
    guard: words,
    fault: "unfinished work",
    files: { "server/src/lib/planted20.ts": `// ${together("TO", "DO")}: later\n${used("planted")}` },
    said: /server\/src\/lib\/planted20\.ts:1: unfinished work/,
  },
  {
    guard: words,
    fault: "a path of one machine",
    files: { "docs/planted21.md": `Look into ${together("/ho", "me")}/somebody/slipway.\n` },
    said: /docs\/planted21\.md:1: a path of one machine/,
  },
  {
    guard: words,
    fault: "a rule that is switched off",
    files: { "server/src/lib/planted22.ts": `// ${together("@ts-ig", "nore")}\n${used("planted")}` },
    said: /server\/src\/lib\/planted22\.ts:1: a rule switched off/,
  },
  {
    guard: words,
    fault: "a test that is shut off",
    files: { "server/src/lib/planted23.test.ts": `${together("test.sk", "ip")}("later", () => {});\n` },
    said: /server\/src\/lib\/planted23\.test\.ts:1: a test that is shut off/,
  },
];

/** What each guard says of the copy with every fault in it, asked once a guard. */
const results = new Map<Guard, Promise<GuardResult>>();

function resultOf(guard: Guard): Promise<GuardResult> {
  const known = results.get(guard) ?? guard.run(copy);
  results.set(guard, known);
  return known;
}

for (const { guard, fault, said } of PLANTED) {
  test(`the guard "${guard.name}" sees ${fault}`, async () => {
    const { ok, output } = await resultOf(guard);
    assert.equal(ok, false);
    assert.match(output, said);
  });
}

test("a function of 70 lines and a group of tests of any length are fine", async () => {
  const { output } = await resultOf(sizes);
  assert.match(output, /planted/);
  assert.doesNotMatch(output, /fine/);
});

test("the import guard is red when dependency-cruiser reads nothing, as it does with a TypeScript that it does not know", async () => {
  const typescript = join(copy, "node_modules/typescript");
  await rm(typescript);
  await symlink(join(ROOT, "node_modules/@typescript/native"), typescript);
  try {
    const { ok, output } = await imports.run(copy);
    assert.equal(ok, false);
    const sources = await sourceFiles(copy);
    const missed = output.match(/dependency-cruiser has not read this file/g) ?? [];
    assert.ok(
      missed.length > sources.length / 2,
      `${missed.length} of ${sources.length} were missed:\n${output.slice(0, 500)}`,
    );
  } finally {
    await rm(typescript);
    await symlink(join(ROOT, "node_modules/typescript"), typescript);
  }
});
