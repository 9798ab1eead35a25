import { setTimeout as sleep } from "node:timers/promises";
import type { Docker } from "./docker-client.ts";

const POLL_MS = 25;

/** A container of the image, as locked down as production runs it. */
export type Container = {
  id: string;
  url: string;
  /** `performance.now()` when `docker run` was called. */
  began: number;
  logs(): Promise<string>;
  remove(): Promise<void>;
};

/** What every production target sets, and one health check a second so that a test need not wait. */
const LOCKED_DOWN =
  "--read-only --cap-drop ALL --security-opt no-new-privileges --user 1000:1000 --health-interval 1s".split(" ");

/** Starts the image on the host's network, listening on 127.0.0.1 only. No folder in it is writable, not even /tmp. */
export async function startContainer(
  docker: Docker,
  image: string,
  port: number,
  env: Record<string, string>,
): Promise<Container> {
  const variables = Object.entries({ HOST: "127.0.0.1", PORT: String(port), ...env }).flatMap(([name, value]) => [
    "--env",
    `${name}=${value}`,
  ]);
  const began = performance.now();
  const id = await docker.run(["run", "--detach", "--network", "host", ...LOCKED_DOWN, ...variables, image]);
  return {
    id,
    url: `http://127.0.0.1:${port}`,
    began,
    async logs() {
      const { stdout, stderr } = await docker.attempt(["logs", id]);
      return stdout + stderr;
    },
    async remove() {
      await docker.attempt(["rm", "--force", "--volumes", id]);
    },
  };
}

/** Waits until `done` answers true and tells how long after the container's start that was, in milliseconds. */
export async function waitUntil(
  container: Container,
  what: string,
  timeoutMs: number,
  done: () => Promise<boolean>,
): Promise<number> {
  while (performance.now() - container.began < timeoutMs) {
    if (await done()) return Math.round(performance.now() - container.began);
    await sleep(POLL_MS);
  }
  throw new Error(`The container was not ${what} after ${timeoutMs} ms:\n${await container.logs()}`);
}
