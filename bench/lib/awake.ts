import { spawnSync } from "node:child_process";
import { startChild } from "./child.ts";
import { giveWay, pinned } from "./cores.ts";

/** Whether the process runs only when nobody else of its session wants the core (sched(7), `SCHED_IDLE`). */
function standsBack(pid: number): boolean {
  return spawnSync("chrt", ["--idle", "--pid", "0", String(pid)], { stdio: "ignore" }).status === 0;
}

/**
 * Keeps these cores from sleeping: a loop runs on them whenever nobody else wants to, whose CPU is nobody's cost. Answers what ends it;
 * undefined where a loop could not be made to stand back.
 *
 * A candidate whose core is never idle is measured as it is; one that waits, for example for a database that shares the load's core, pays for
 * every waking, and on a virtual machine a core that sleeps goes back to the host, whose other guests use it and its caches meanwhile.
 */
export function keepAwake(cores: string): (() => Promise<void>) | undefined {
  const loop = startChild(...pinned(cores, process.execPath, ["-e", "for (;;);"]));
  if (!standsBack(loop.pid)) {
    void loop.stop();
    return undefined;
  }
  const takeBack = giveWay(loop.pid);
  return async () => {
    await loop.stop();
    takeBack();
  };
}
