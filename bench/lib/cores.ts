import { spawnSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { treeOf } from "./process-cpu.ts";

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

/** Where Linux keeps the groups that share CPU (cgroups v1); each has `cpu.idle`: its tasks run when no other wants to. */
const CPU_GROUPS = "/sys/fs/cgroup/cpu";

function moveInto(group: string, pid: number): void {
  try {
    writeFileSync(join(group, "cgroup.procs"), String(pid));
  } catch {
    // It ended meanwhile.
  }
}

/**
 * Lets the process and its descendants, those to come as well, run only when nobody else wants their cores, where that is possible; answers
 * what takes the arrangement back once they have ended. A database has a machine of its own in production; where it shares the
 * load's core, what it does behind a request would be timed as the request's. `SCHED_IDLE` alone is not enough: where the kernel groups
 * processes by session (sched_autogroup, sched(7)) it counts inside a session only, and each of PostgreSQL's processes is one.
 */
export function giveWay(root: number): () => void {
  const group = join(CPU_GROUPS, `slipway-bench-${root}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, "cpu.idle"), "1");
    // The first first: what it starts from then on is in the group by itself. Then those that it had started before.
    writeFileSync(join(group, "cgroup.procs"), String(root));
    for (const pid of treeOf(root).slice(1)) moveInto(group, pid);
  } catch {
    for (const pid of treeOf(root)) spawnSync("chrt", ["--idle", "--pid", "0", String(pid)], { stdio: "ignore" });
  }
  return () => {
    if (existsSync(group)) rmdirSync(group);
  };
}

/** The machine in one line, for figures that are written down. */
export function machine(): string {
  const processors = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${processors.length} × ${processors[0]?.model.trim() ?? "unknown"}, ${gigabytes} GB, Linux ${release()}, Node ${process.versions.node}`;
}
