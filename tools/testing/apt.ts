import { findProgram, runCommand } from "./command.ts";

/** Milliseconds that one installation may take, the wait for another one's included. */
const TIMEOUT = 15 * 60_000;
/** Milliseconds between two lines of progress. */
const NEWS = 5_000;

/** The line to type for packages that cannot be installed here. */
export function aptLine(packages: readonly string[]): string {
  return `sudo apt-get install --yes ${packages.join(" ")}`;
}

/** Whether packages can be installed: root on Debian, or something that has its tools. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && findProgram("apt-get") !== undefined;
}

let updated: Promise<unknown> | undefined;
let last: Promise<unknown> = Promise.resolve();

/**
 * Installs Debian packages, one call after the other, and says how far it is.
 *
 * @returns Undefined when they are there, otherwise the end of what apt-get said.
 */
export async function installPackages(
  packages: readonly string[],
  say: (line: string) => void,
): Promise<string | undefined> {
  const turn = last.then(() => install(packages, say));
  last = turn.catch(() => undefined);
  return await turn;
}

async function install(packages: readonly string[], say: (line: string) => void): Promise<string | undefined> {
  say(`installing ${packages.join(", ")}…`);
  const start = Date.now();
  let spoken = start;
  const onLine = (line: string): void => {
    if (Date.now() - spoken < NEWS) return;
    spoken = Date.now();
    say(`installing ${packages.join(", ")}… ${Math.round((spoken - start) / 1000)} s  ${line.slice(0, 80)}`);
  };
  updated ??= aptGet(["update"], onLine);
  await updated;
  const { code, output } = await aptGet(["install", "--yes", "--no-install-recommends", ...packages], onLine);
  if (code === 0) {
    say(`installing ${packages.join(", ")}: done in ${Math.round((Date.now() - start) / 1000)} s`);
    return undefined;
  }
  return output.trim().split("\n").slice(-5).join("\n");
}

async function aptGet(
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<{ code: number | null; output: string }> {
  return await runCommand("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], {
    timeout: TIMEOUT,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    onLine,
  });
}
