import { readFile } from "node:fs/promises";
import { join, matchesGlob } from "node:path";
import { CODE_FOLDERS, writtenFiles } from "../guards/source-files.ts";

/** How test files are run: what is pure shares one process, the rest has one each, and what measures time has the machine to itself. */
export interface TestPlan {
  readonly shared: readonly string[];
  readonly units: readonly string[];
  readonly systems: readonly string[];
  readonly alone: readonly string[];
}

/**
 * What may leak from one file into another when they share a process: hooks outside of a suite run for every file, and so
 * does whatever changes the process or holds something open.
 */
const NEEDS_OWN_PROCESS =
  /\b(before|after|beforeEach|afterEach|mock|globalThis|setInterval|fetch|process\.\w+)\b|node:(?!assert|buffer|crypto|events|path|test|url|util|zlib)\w+|\btest\/support\b|\/testing(\/|\.ts)|#store\//;

/** How a whole-system test says that nothing may run beside it, and why. */
const RUNS_ALONE = /^\/\/ Runs alone: \S/m;

/** Every test file of the checkout, or those whose path matches: by a glob, or by a part of the path. */
export async function findTestFiles(root: string, only: string | undefined): Promise<readonly string[]> {
  const files = await writtenFiles(root);
  return files.filter((path) => {
    if (!/\.test\.tsx?$/.test(path) || !CODE_FOLDERS.includes(path.split("/", 1)[0] ?? "")) return false;
    return only === undefined || path.includes(only) || matchesGlob(path, only);
  });
}

/** Sorts test files by how they are run. */
export async function planTests(root: string, files: readonly string[]): Promise<TestPlan> {
  const plan = { shared: [] as string[], units: [] as string[], systems: [] as string[], alone: [] as string[] };
  for (const path of files) {
    const text = await readFile(join(root, path), "utf8");
    if (path.startsWith("test/")) (RUNS_ALONE.test(text) ? plan.alone : plan.systems).push(path);
    else if (NEEDS_OWN_PROCESS.test(text)) plan.units.push(path);
    else plan.shared.push(path);
  }
  return plan;
}

/** How a file says what it needs: by `requireX` of test/support/require.ts, or by the variable behind it. */
const REQUIREMENTS = {
  Postgres: /\brequirePostgres\b|\bTEST_DATABASE_URL\b/,
  Redis: /\brequireRedis\b|\bTEST_REDIS_URL\b/,
  Chromium: /\brequireChromium\b|\bCHROMIUM_PATH\b/,
  Docker: /\brequireDocker\b|\bDOCKER_HOST\b/,
  HAProxy: /\bHAPROXY_PATH\b/,
  Promtool: /\bPROMTOOL_PATH\b/,
  DockerCompose: /\bDOCKER_COMPOSE_PATH\b/,
  Shellcheck: /\bSHELLCHECK_PATH\b/,
  Jq: /\bJQ_PATH\b/,
  DockerRegistry: /\bDOCKER_REGISTRY_PATH\b/,
  Actionlint: /\bACTIONLINT_PATH\b/,
  AwsValidators: /\bAWS_VALIDATORS_PYTHON\b/,
} as const;

export type Requirement = keyof typeof REQUIREMENTS;

/** What test files need from outside, by themselves or through the helpers that they import by a relative path. */
export async function requirementsOf(root: string, files: readonly string[]): Promise<ReadonlySet<Requirement>> {
  const found = new Set<Requirement>();
  const seen = new Set<string>();
  async function read(path: string): Promise<void> {
    if (seen.has(path) || path === "test/support/require.ts" || path.startsWith("tools/")) return;
    seen.add(path);
    const text = await readFile(join(root, path), "utf8").catch(() => "");
    for (const name of Object.keys(REQUIREMENTS) as Requirement[]) if (REQUIREMENTS[name].test(text)) found.add(name);
    for (const [, target] of text.matchAll(/\bfrom "(\.[^"]+\.ts)"/g)) {
      if (target) await read(join(path, "..", target));
    }
  }
  for (const path of files) await read(path);
  return found;
}
