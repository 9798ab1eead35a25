import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { TestContext } from "node:test";

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly input?: string },
): Promise<Ended> {
  const { cwd, env, input = "" } = options;
  return await new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { cwd, env: { ...process.env, ...env }, timeout: 120_000, maxBuffer: 2 ** 26 },
      (error, out, err) => resolve({ code: error === null ? 0 : (child.exitCode ?? 1), out, err }),
    );
    // A program that does not read its input is no fault.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** A folder of its own with these files, removed after the test. */
export async function folderWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-pipelines-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** A folder of programs that stand in for vendors' own, each a script of bash that answers from what the test says; and the PATH with it in front. */
export async function standIns(t: TestContext, programs: Readonly<Record<string, string>>): Promise<string> {
  const folder = await folderWith(
    t,
    Object.fromEntries(Object.entries(programs).map(([name, body]) => [name, `#!/usr/bin/env bash\n${body}\n`])),
  );
  for (const name of Object.keys(programs)) await chmod(join(folder, name), 0o755);
  return [folder, process.env["PATH"] ?? ""].join(delimiter);
}

/** A script as GitHub's runners run `shell: bash`. */
export async function runScript(script: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  return await run("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script], { cwd, env });
}

/** Whether there is a jq, without which the test is skipped: leave at once when there is none. */
export function needsJq(t: TestContext): boolean {
  if (process.env["JQ_PATH"]) return true;
  t.skip("requires jq: ./slipway test sets it up, or set JQ_PATH");
  return false;
}
