import { readFileSync, readdirSync } from "node:fs";

/** Clock ticks a second in /proc/<pid>/stat: 100 on every Linux that Node runs on (`getconf CLK_TCK`, proc_pid_stat(5)). */
const TICKS_PER_SECOND = 100;
const MICROS_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

/** What one line of /proc/<pid>/stat says here. Times are microseconds and include every thread. */
export type ProcessStat = { parent: number; cpuMicros: number };

/** Reads a /proc/<pid>/stat line. The name in parentheses may hold spaces and parentheses itself. */
export function parseStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // Fields 4 (ppid), 14 to 17 (utime, stime, and those of children that have been waited for), counted from 1 at the pid.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), cpuMicros: ticks * MICROS_PER_TICK };
}

function statOf(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined; // It ended between the listing and the reading.
  }
}

/** The process and all its descendants that live now. */
export function treeOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined;
    if (stat !== undefined) children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** CPU time that the process and its descendants have used so far, user and system, all threads, in microseconds. */
export function cpuMicros(root: number): number {
  return treeOf(root).reduce((sum, pid) => sum + (statOf(pid)?.cpuMicros ?? 0), 0);
}

/** Resident memory of the process and its descendants (VmRSS summed; shared pages count in each), in megabytes of 2^20 bytes. */
export function rssMb(root: number): number {
  let kilobytes = 0;
  for (const pid of treeOf(root)) {
    try {
      kilobytes += Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
    } catch {
      continue; // It ended meanwhile.
    }
  }
  return kilobytes / 1024;
}

/** CPU time that the whole machine has used so far from its first line of /proc/stat, in microseconds (proc_stat(5)). */
export function busyMicros(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (stat.split("\n", 1)[0] ?? "")
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) * MICROS_PER_TICK;
}

/** CPU time that processes other than this one and its descendants have used so far, in microseconds. */
export function foreignMicros(): number {
  return busyMicros(readFileSync("/proc/stat", "latin1")) - cpuMicros(process.pid);
}
