import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { askRedis } from "../../../../test/support/redis.ts";
import { requireRedis } from "../../../../test/support/require.ts";
import { later } from "./databases.ts";

/** A Redis of a test's own, which may be frozen, stopped and started again. */
export interface PrivateRedis {
  readonly url: string;
  /** Stops the process in its tracks: its port still takes connections, and nothing answers. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts one; undefined after the test was skipped, with its reason, where there is no Redis. */
export async function privateRedis(t: TestContext): Promise<PrivateRedis | undefined> {
  if (requireRedis(t) === undefined) return undefined;
  const redis = await makeRedis();
  later(t, () => redis.stop());
  await redis.start();
  return redis;
}

/** One that is not started yet, and that whoever made it stops. */
export async function makeRedis(): Promise<PrivateRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  return {
    url,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    async stop() {
      if (!child) return;
      const exited = new Promise((resolve) => child?.once("exit", resolve));
      child.kill("SIGKILL");
      await exited;
      child = undefined;
    },
    async start() {
      child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", ""], { stdio: "ignore" });
      child.once("error", () => {});
      for (let n = 0; n < 500; n += 1) {
        if ((await askRedis(url, "PING").catch(() => "")).startsWith("+PONG")) return;
        await sleep(20);
      }
      throw new Error("redis-server did not start; TEST_REDIS_URL alone is not enough for this test");
    },
  };
}

/** A way to a Redis that may be slow, or refuse. */
export interface RedisWay {
  readonly url: string;
  /** Closes every connection and takes no more. */
  refuse(): Promise<void>;
  /** Takes connections again. */
  admit(): Promise<void>;
}

/** A way on which every answer is late by `delayMs()`. Whoever opened it ends it by `refuse`. */
export async function openWay(target: string, delayMs: () => number): Promise<RedisWay> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    near.pipe(far);
    far.on("data", (chunk: Buffer) => void setTimeout(() => near.writable && near.write(chunk), delayMs()).unref());
    far.on("close", () => near.destroy());
    near.on("close", () => far.destroy());
  });
  const listen = (at: number): Promise<void> => new Promise((resolve) => server.listen(at, "127.0.0.1", resolve));
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  return {
    url: `redis://127.0.0.1:${own}`,
    async refuse() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    admit: () => listen(own),
  };
}

/** The same until the end of the test. */
export async function slowWay(t: TestContext, target: string, delayMs: () => number): Promise<string> {
  const way = await openWay(target, delayMs);
  later(t, () => way.refuse());
  return way.url;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
