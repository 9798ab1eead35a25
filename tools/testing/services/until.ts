import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between two questions. */
const POLL = 100;

/** Asks until the answer is yes; answers whether that was so within `timeout` milliseconds. */
export async function until(ask: () => boolean | Promise<boolean>, timeout: number): Promise<boolean> {
  const deadline = Date.now() + timeout;
  for (;;) {
    if (await ask()) return true;
    if (Date.now() >= deadline) return false;
    await sleep(POLL);
  }
}
