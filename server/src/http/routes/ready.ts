import type { Handler } from "../server.ts";

/** One thing that must hold before traffic comes here. Rejects with the reason, in words that anyone may read. */
export interface ReadyCheck {
  readonly name: string;
  readonly check: () => Promise<void>;
}

/** `GET /ready`: 200 when every check holds, 503 with what does not. Checks run side by side and are bounded by themselves. */
export function createReady(checks: readonly ReadyCheck[]): Handler {
  return async ({ res }) => {
    const results = await Promise.all(
      checks.map(async ({ name, check }) => {
        try {
          await check();
          return [name, "ok"] as const;
        } catch (error) {
          return [name, error instanceof Error ? error.message : "failed"] as const;
        }
      }),
    );
    const ready = results.every(([, result]) => result === "ok");
    const body = JSON.stringify({ status: ready ? "ready" : "not ready", checks: Object.fromEntries(results) });
    res.writeHead(ready ? 200 : 503, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
      ...(ready ? {} : { "retry-after": "1" }),
    });
    res.end(body);
  };
}
