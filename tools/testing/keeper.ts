import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Order } from "./keep.ts";

// Reads orders from its input; when the input ends, so has the test run, and everything that was ordered is cleaned away.

/** Milliseconds between the polite signal and SIGKILL. */
const GRACE = 15_000;
const POLL = 50;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that ended and that nobody waits for still has its number. On Linux its state tells.
    return process.platform !== "linux" || !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // No such group: then the process alone, and if that is gone too, all is well.
    }
  }
}

async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  if (isAlive(pid)) signalGroup(pid, signal);
  const deadline = Date.now() + GRACE;
  while (isAlive(pid) && Date.now() < deadline) await sleep(POLL);
  // The group's leader may be gone and leave children.
  signalGroup(pid, "SIGKILL");
}

/** Takes off what is mounted below a folder, the last first: a container engine that has ended leaves its network namespace. */
function unmountBelow(folder: string): void {
  if (process.platform !== "linux") return;
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => (line.split(" ")[4] ?? "").replaceAll("\\040", " "))
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) spawnSync("umount", [point], { stdio: "ignore", timeout: GRACE });
}

const processes = new Map<number, NodeJS.Signals>();
const folders: string[] = [];
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
for await (const line of createInterface(process.stdin)) {
  const order = JSON.parse(line) as Order;
  if (order.order === "process") processes.set(order.pid, order.signal);
  else if (order.order === "forget") processes.delete(order.pid);
  else folders.push(order.path);
}
for (const [pid, signal] of [...processes].reverse()) await end(pid, signal);
for (const folder of folders.reverse()) {
  unmountBelow(folder);
  await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    process.stderr.write(`slipway test could not remove ${folder}: ${String(error)}\n`);
  });
}
