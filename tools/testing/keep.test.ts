import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startKeeper } from "./keep.ts";
import { until } from "./services/until.ts";

/** A process in a group of its own, which sleeps. */
function sleeper(): ChildProcess {
  const program = "console.log('up'); setInterval(() => {}, 1000)";
  return spawn(process.execPath, ["-e", program], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
}

async function up(child: ChildProcess): Promise<number> {
  assert.ok(child.stdout);
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

test("closing ends what was kept and removes folders, and leaves alone what was forgotten", async (t) => {
  const keeper = startKeeper();
  const kept = sleeper();
  const forgotten = sleeper();
  t.after(() => forgotten.kill("SIGKILL"));
  const folder = await mkdtemp(join(tmpdir(), "slipway-keep-"));
  keeper.keepProcess(await up(kept), "SIGTERM");
  keeper.keepProcess(await up(forgotten), "SIGTERM")();
  keeper.keepFolder(folder);
  const gone = once(kept, "exit");
  await keeper.close();
  await gone;
  assert.equal(existsSync(folder), false);
  assert.equal(forgotten.exitCode ?? forgotten.signalCode, null);
});

test("a run that is killed without warning leaves nothing behind", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-keep-"));
  const program = `
    import { spawn } from "node:child_process";
    import { startKeeper } from ${JSON.stringify(join(import.meta.dirname, "keep.ts"))};
    const keeper = startKeeper();
    const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
    keeper.keepProcess(child.pid, "SIGTERM");
    keeper.keepFolder(${JSON.stringify(folder)});
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const run = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(run.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  assert.ok(isAlive(pid));
  run.kill("SIGKILL");
  assert.ok(
    await until(() => !existsSync(folder) && !isAlive(pid), 10_000),
    "the sleeper or the folder is still there",
  );
});

test("a folder in which something is still mounted is removed, too", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-keep-"));
  const point = join(folder, "deep/below");
  await mkdir(point, { recursive: true });
  if (spawnSync("mount", ["-t", "tmpfs", "tmpfs", point], { stdio: "ignore" }).status !== 0) {
    await rm(folder, { recursive: true });
    t.skip("only who may mount can leave something mounted");
    return;
  }
  const keeper = startKeeper();
  keeper.keepFolder(folder);
  await keeper.close();
  assert.equal(existsSync(folder), false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
