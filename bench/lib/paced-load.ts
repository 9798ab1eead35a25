import type { Agent } from "node:http";
import { request } from "node:http";
import { percentile } from "./stats.ts";

/** One caller that asks at its own pace, whatever it is answered. */
export type Pace = {
  readonly body: string;
  readonly perSecond: number;
};

/** What a caller saw. */
export type Paced = {
  readonly sent: number;
  readonly ok: number;
  /** Answers with 429. */
  readonly refused: number;
  /** Everything else: other statuses, broken connections. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const TICK_MS = 20;

/** Sends one chat request; its status, 0 when the connection broke. */
export function shoot(agent: Agent, url: string, apiKey: string, body: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(
      new URL("/v1/chat/completions", url),
      {
        agent,
        method: "POST",
        headers: {
          authorization: `Bearer ${apiKey}`,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      },
      (answer) => {
        answer.resume();
        answer.on("end", () => resolve(answer.statusCode ?? 0));
        answer.on("error", () => resolve(0));
      },
    );
    sent.on("error", () => resolve(0));
    sent.end(body);
  });
}

/** Keeps the paces for so long, over all servers by turns, and waits for the last answers. */
export async function pacedLoad(
  servers: readonly string[],
  paces: readonly Pace[],
  options: { readonly seconds: number; readonly apiKey: string; readonly agent: Agent },
): Promise<Paced[]> {
  const { seconds, apiKey, agent } = options;
  const seen = paces.map(() => ({ statuses: [] as number[], waits: [] as number[] }));
  const running: Promise<void>[] = [];
  const began = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const elapsed = Math.min(performance.now() - began, seconds * 1000);
      paces.forEach(({ body, perSecond }, at) => {
        const mine = seen[at];
        if (mine === undefined) return;
        const due = Math.floor((elapsed * perSecond) / 1000);
        while (mine.waits.length < due) {
          const place = mine.waits.push(0) - 1;
          const from = performance.now();
          const url = servers[place % servers.length] ?? "";
          running.push(
            shoot(agent, url, apiKey, body).then((status) => {
              mine.statuses.push(status);
              mine.waits[place] = performance.now() - from;
            }),
          );
        }
      });
      if (elapsed < seconds * 1000) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  await Promise.all(running);
  return seen.map(({ statuses, waits }) => {
    const ok = statuses.filter((status) => status === 200).length;
    const refused = statuses.filter((status) => status === 429).length;
    const at = (percent: number): number => Math.round(percentile(waits, percent) * 10) / 10;
    return { sent: statuses.length, ok, refused, failed: statuses.length - ok - refused, p50Ms: at(50), p99Ms: at(99) };
  });
}
