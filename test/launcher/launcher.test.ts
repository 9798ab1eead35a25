import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  fakeNpm,
  finish,
  type Launched,
  makeSkeleton,
  OLD_NODE,
  type Skeleton,
  THIS_NODE,
  writeProgram,
} from "./skeleton.ts";

interface Called {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly exec: string;
  readonly cache: string;
}

function called(launched: Launched): Called {
  assert.equal(launched.code, 0, launched.stderr);
  assert.equal(launched.stdout.split("\n").length, 2, "stdout holds what the command says and nothing else");
  return JSON.parse(launched.stdout) as Called;
}

async function npmCalls(skeleton: Skeleton): Promise<number> {
  const log = await readFile(join(skeleton.folder, "npm.log"), "utf8").catch(() => "");
  return log.split("\n").length - 1;
}

/** A skeleton whose Node is new and whose packages are installed. */
async function installed(skeleton: Skeleton): Promise<void> {
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await writeProgram(skeleton.bin, "npm", fakeNpm());
  assert.equal((await skeleton.run([])).code, 0);
}

test("the first start installs the packages, the second does nothing but start", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await writeProgram(skeleton.bin, "npm", fakeNpm());
  const first = await skeleton.run(["up", "--port", "1", "two words", ""]);
  assert.deepEqual(called(first).args, ["up", "--port", "1", "two words", ""]);
  assert.match(first.stderr, /slipway: installing packages…\n[\s\S]*slipway: installing packages: done in \d+ s\n/);
  const second = await skeleton.run([]);
  assert.deepEqual(called(second).args, []);
  assert.equal(second.stderr, "");
  assert.equal(await npmCalls(skeleton), 1);
});

test("it works through symbolic links, from another folder, and with spaces in every path", async (t) => {
  const skeleton = await makeSkeleton(t);
  await installed(skeleton);
  const elsewhere = join(skeleton.folder, "else where");
  await mkdir(elsewhere);
  await symlink("../check out/slipway", join(elsewhere, "a link"));
  await symlink(join(elsewhere, "a link"), join(elsewhere, "link to a link"));
  const { cwd, cache } = called(await skeleton.run([], { file: join(elsewhere, "link to a link"), cwd: elsewhere }));
  assert.equal(cwd, elsewhere);
  assert.equal(cache, join(skeleton.root, ".cache/compile"));
  // By a shell that is told the link's name alone.
  called(await skeleton.run(["a link"], { file: "/bin/sh", cwd: elsewhere }));
});

test("it is found on PATH, too", async (t) => {
  const skeleton = await makeSkeleton(t);
  await installed(skeleton);
  await symlink(join(skeleton.root, "slipway"), join(skeleton.bin, "slipway"));
  called(await skeleton.run([], { file: "slipway", cwd: "/" }));
});

test("an old Node on PATH makes it bring one of its own, once", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", OLD_NODE);
  await writeProgram(skeleton.bin, "npm", fakeNpm());
  const first = await skeleton.run([]);
  called(first);
  assert.match(first.stderr, /bringing Node and npm \(this machine has Node 20\.20\.2\)/);
  assert.equal(await npmCalls(skeleton), 2);
  called(await skeleton.run([]));
  assert.equal(await npmCalls(skeleton), 2);
  assert.ok(existsSync(join(skeleton.root, ".cache/node/installed")));
});

test("an npm that leaves packages out is not used: a newer one is brought", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await writeProgram(skeleton.bin, "npm", fakeNpm({ version: "9.2.0" }));
  const launched = await skeleton.run([]);
  called(launched);
  assert.match(launched.stderr, /bringing Node and npm \(this machine has npm 9\.2\.0\)/);
  assert.equal(await npmCalls(skeleton), 2);
});

test("an installation that left a package out is not taken for one", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  const drop = `sed -i 's/"node_modules\\/pg"/"node_modules\\/pg-that-nobody-asked-for"/' "$prefix/node_modules/.package-lock.json"`;
  await writeProgram(skeleton.bin, "npm", `${fakeNpm()}\n${drop}`);
  const { code, stdout, stderr } = await skeleton.run([]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /npm has left packages out/);
  assert.equal(existsSync(join(skeleton.root, "node_modules/.slipway-lock")), false);
});

test("with neither a new Node nor npm it says in one line how to get them", async (t) => {
  const skeleton = await makeSkeleton(t);
  const { code, stdout, stderr } = await skeleton.run([]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /^slipway: needs Node 24 or later, or npm to bring it\. Debian: apt-get install --yes npm\..*\n$/,
  );
});

test("without npm it starts when everything is there, and says what is missing when not", async (t) => {
  const skeleton = await makeSkeleton(t);
  await installed(skeleton);
  await rm(join(skeleton.bin, "npm"));
  called(await skeleton.run([]));
  await appendFile(join(skeleton.root, "package-lock.json"), " ");
  await rm(join(skeleton.root, "node_modules/.package-lock.json"));
  const { code, stderr } = await skeleton.run([]);
  assert.equal(code, 1);
  assert.match(stderr, /needs npm to install its packages\. Debian: apt-get install --yes npm\n$/);
});

test("SLIPWAY_NODE is used when it is new enough, and refused with 2 when it is not", async (t) => {
  const skeleton = await makeSkeleton(t);
  await installed(skeleton);
  await writeProgram(skeleton.folder, "my node", THIS_NODE);
  await writeProgram(skeleton.folder, "old node", OLD_NODE);
  called(await skeleton.run([], { env: { SLIPWAY_NODE: join(skeleton.folder, "my node") } }));
  for (const node of ["old node", "no node"]) {
    const { code, stderr } = await skeleton.run([], { env: { SLIPWAY_NODE: join(skeleton.folder, node) } });
    assert.equal(code, 2);
    assert.match(stderr, /is not a Node of version 24 or later/);
  }
});

test("packages that were installed by hand are not installed again", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await mkdir(join(skeleton.root, "node_modules"));
  await cp(join(skeleton.root, "package-lock.json"), join(skeleton.root, "node_modules/.package-lock.json"));
  const launched = await skeleton.run([]);
  called(launched);
  assert.equal(launched.stderr, "");
});

test("another package-lock.json, or an installation that broke off, is installed again", async (t) => {
  const skeleton = await makeSkeleton(t);
  await installed(skeleton);
  const lock = join(skeleton.root, "package-lock.json");
  const text = await readFile(lock, "utf8");
  await writeFile(lock, text.replace(/"version": "[^"]+",\n\s+"integrity"/, '"version": "0.0.1",\n      "integrity"'));
  called(await skeleton.run([]));
  assert.equal(await npmCalls(skeleton), 2);
  await rm(join(skeleton.root, "node_modules/.slipway-lock"));
  await rm(join(skeleton.root, "node_modules/.package-lock.json"));
  called(await skeleton.run([]));
  assert.equal(await npmCalls(skeleton), 3);
});

test("a failing npm fails the start, and the next start tries again", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await writeProgram(skeleton.bin, "npm", "if [ $1 = -v ]; then echo 11.0.0; exit; fi; echo 'no network' >&2; exit 1");
  const { code, stdout, stderr } = await skeleton.run([]);
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    /no network\n[\s\S]*npm could not install the packages: see above, then run \.\/slipway again\n$/,
  );
  await writeProgram(skeleton.bin, "npm", fakeNpm());
  called(await skeleton.run([]));
});

test("of two starts at once one installs and the other waits for it", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await writeProgram(skeleton.bin, "npm", fakeNpm({ until: "go-on" }));
  const children = [skeleton.start(["a"]), skeleton.start(["b"])];
  const ends = Promise.all(children.map((child) => finish(child)));
  const said = await new Promise<string>((told) => {
    for (const { stderr } of children)
      stderr?.on("data", (piece: Buffer) => piece.includes("is installing") && told(String(piece)));
  });
  assert.match(said, /another \.\/slipway is installing \(process \d+\), waiting for it/);
  await writeFile(join(skeleton.folder, "go-on"), "");
  const [a, b] = await ends;
  assert.ok(a && b);
  assert.deepEqual([called(a).args, called(b).args], [["a"], ["b"]]);
  assert.equal(await npmCalls(skeleton), 1);
});

test("the lock of a launcher that is gone is taken over", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await writeProgram(skeleton.bin, "npm", fakeNpm());
  await mkdir(join(skeleton.root, ".cache/install.lock"), { recursive: true });
  await writeFile(join(skeleton.root, ".cache/install.lock/pid"), "4194305\n");
  called(await skeleton.run([]));
  assert.equal(existsSync(join(skeleton.root, ".cache/install.lock")), false);
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} during an installation ends npm, leaves no lock, and the next start installs`, async (t) => {
    const skeleton = await makeSkeleton(t);
    await writeProgram(skeleton.bin, "node", THIS_NODE);
    // It tidies up for a moment when it is told to end, as npm does; the launcher is not over before it.
    await writeProgram(
      skeleton.bin,
      "npm",
      `if [ "$1" = -v ]; then echo 11.0.0; exit; fi
trap 'sleep 1; echo ended >"$HOME/npm.end"; exit 1' INT TERM
echo $$ >"$HOME/npm.pid"
while :; do sleep 0.1; done`,
    );
    const child = skeleton.start([]);
    const end = finish(child);
    while (!existsSync(join(skeleton.folder, "npm.pid"))) await sleep(20);
    child.kill(signal);
    assert.equal((await end).code, code);
    assert.ok(existsSync(join(skeleton.folder, "npm.end")), "the launcher ended before npm did");
    const npm = Number(await readFile(join(skeleton.folder, "npm.pid"), "utf8"));
    assert.throws(() => process.kill(npm, 0), { code: "ESRCH" });
    assert.equal(existsSync(join(skeleton.root, ".cache/install.lock")), false);
    await writeProgram(skeleton.bin, "npm", fakeNpm());
    called(await skeleton.run([]));
  });
}

test("an npm that does not end when it is told to is killed", async (t) => {
  const skeleton = await makeSkeleton(t);
  await writeProgram(skeleton.bin, "node", THIS_NODE);
  await writeProgram(
    skeleton.bin,
    "npm",
    `if [ "$1" = -v ]; then echo 11.0.0; exit; fi
trap '' TERM
echo $$ >"$HOME/npm.pid"
while :; do sleep 0.1; done`,
  );
  const child = skeleton.start([]);
  const end = finish(child);
  while (!existsSync(join(skeleton.folder, "npm.pid"))) await sleep(20);
  child.kill("SIGTERM");
  assert.equal((await end).code, 143);
  const npm = Number(await readFile(join(skeleton.folder, "npm.pid"), "utf8"));
  assert.throws(() => process.kill(npm, 0), { code: "ESRCH" });
  assert.equal(existsSync(join(skeleton.root, ".cache/install.lock")), false);
});

test("the command takes the launcher's place: its exit code and its signals are the launcher's", async (t) => {
  const skeleton = await makeSkeleton(t);
  await installed(skeleton);
  await writeFile(join(skeleton.root, "deploy/src/main.ts"), "process.exitCode = 4;");
  assert.equal((await skeleton.run([])).code, 4);
  await writeFile(join(skeleton.root, "deploy/src/main.ts"), "console.log(process.pid); setInterval(() => {}, 1000);");
  const child = skeleton.start([]);
  assert.ok(child.stdout);
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  assert.equal(Number(line.toString()), child.pid);
  child.kill("SIGTERM");
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  assert.equal(signal, "SIGTERM");
});
