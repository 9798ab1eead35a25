import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { RenderedFile } from "../../../deploy/src/render/file.ts";

/** How a program ended, and what it said. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

/** Runs a program to its end, at most two minutes. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return await new Promise((resolve) => {
    const env = { ...process.env, ...environment };
    const child = execFile(program, args, { cwd, env, timeout: 120_000, maxBuffer: 2 ** 26 }, (_error, out, err) => {
      resolve({ code: child.exitCode ?? -1, out, said: out.slice(-4000) + err.slice(-4000) });
    });
  });
}

/** A folder of files that is gone after the test. */
export async function folderOf(t: TestContext, files: readonly RenderedFile[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-files-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    if (path.endsWith(".sh")) await chmod(join(folder, path), 0o755);
  }
  return folder;
}

// Words end with the unit separator, commands with the record separator: neither stands in a command.
const SHIM = `#!/bin/sh
{ for each in "$@"; do printf '%s\\037' "$each"; done; printf '\\036'; } >> "$COMMANDS"
case " $* " in
  *" run services list "*) if [ "$MISSING" = 0 ]; then echo there; else exit "\${UNREACHED:-0}"; fi ;;
  *" describe "*) exit "$MISSING" ;;
  *" versions list "*) echo 1 ;;
  *" channels create "*) echo projects/p/notificationChannels/1 ;;
esac
`;

/** The commands of a vendor's program that a script gives, with a stand-in for the program. */
export async function commandsOf(
  t: TestContext,
  program: string,
  script: string,
  files: readonly RenderedFile[],
  isThere: boolean,
): Promise<{ readonly ran: Ran; readonly commands: readonly (readonly string[])[] }> {
  const folder = await folderOf(t, [...files, { path: "bin/shim.sh", text: SHIM }]);
  const list = join(folder, "commands");
  await writeFile(list, "");
  await writeFile(join(folder, "bin", program), SHIM, { mode: 0o755 });
  const ran = await run("/bin/sh", ["-c", script], folder, {
    COMMANDS: list,
    MISSING: isThere ? "0" : "1",
    PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
  });
  const records = (await readFile(list, "utf8")).split("\x1e").slice(0, -1);
  return { ran, commands: records.map((record) => record.split("\x1f").slice(0, -1)) };
}
