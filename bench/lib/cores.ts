import { spawnSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { readFileSync } from "node:fs";

/** Where candidates and the rest run; absent where there is no `taskset` or only one core. */
export type Cores = { candidate: string; rest: string };

/** The numbers in a kernel list such as `0-2,5`. */
export function parseCoreList(list: string): number[] {
  return list
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** One core for the candidate under test, all others for load, upstream and database. */
export function chooseCores(): Cores | undefined {
  if (spawnSync("taskset", ["--version"], { stdio: "ignore" }).status !== 0) return undefined;
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "";
  const [candidate, ...rest] = parseCoreList(allowed);
  if (candidate === undefined || rest.length === 0) return undefined;
  return { candidate: String(candidate), rest: rest.join(",") };
}

/** `command` with its arguments, pinned to `cores` where pinning is possible. */
export function pinned(cores: string | undefined, command: string, args: readonly string[]): [string, string[]] {
  return cores === undefined ? [command, [...args]] : ["taskset", ["--cpu-list", cores, command, ...args]];
}

/**
 * `command` with its arguments, run only when nobody else wants its cores, where that is possible. A database has a machine of its own in
 * production; where it shares the load's core, what it does behind a request would be timed as the request's.
 */
export function givingWay(command: string, args: readonly string[]): [string, string[]] {
  const possible = spawnSync("chrt", ["--idle", "0", "true"], { stdio: "ignore" }).status === 0;
  return possible ? ["chrt", ["--idle", "0", command, ...args]] : [command, [...args]];
}

/** The machine in one line, for figures that are written down. */
export function machine(): string {
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}, ${gigabytes} GB, Linux ${release()}, Node ${process.versions.node}`;
}
