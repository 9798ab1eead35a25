import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { createPrincipal } from "#identity/principal.ts";
import type { Claim, IdempotencyRecords } from "#store/idempotency-records.ts";
import type { LogFields, Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { beginContext, type Exchange } from "../../context.ts";
import { noteError, sendError } from "../errors.ts";
import { createIdempotency, type IdempotencyOptions } from "./idempotency.ts";
import { idempotentRoute } from "./routes.ts";

const away = (): Promise<never> => Promise.reject(new SlipwayError("database_unavailable", "It is away."));

interface World {
  readonly said: string[];
  readonly options: IdempotencyOptions;
}

function world(records: Partial<IdempotencyRecords>, tenants: readonly string[] = []): World {
  const said: string[] = [];
  const note = (_: LogFields, message: string): void => void said.push(message);
  const log: Logger = { debug: note, info: note, warn: note, error: note, flush: () => {} };
  const taken: Claim = { status: "taken" };
  return {
    said,
    options: {
      records: {
        claim: () => Promise.resolve(taken),
        renew: () => Promise.resolve(true),
        finish: () => Promise.resolve(true),
        release: () => Promise.resolve(),
        purge: () => Promise.resolve(0),
        ...records,
      },
      authenticate: () => createPrincipal({ tenantId: "t", keyId: "k", keyName: "K", via: "key", role: "developer" }),
      envelopes: { seal: (_, bytes) => Promise.resolve(bytes), open: (_, bytes) => Promise.resolve(bytes) },
      pepper: Buffer.alloc(32),
      audit: () => false,
      log,
      metrics: createMetrics(),
      maxBodyBytes: 1000,
      leaseMs: 30_000,
      tenants: () => Promise.resolve(tenants),
    },
  };
}

/** A real server whose only handler answers `made <n>` behind the guard, unless another is given; answers its address. */
async function serve(
  t: TestContext,
  { options }: World,
  answer?: (exchange: Exchange) => void,
): Promise<{ readonly url: string; readonly calls: () => number }> {
  const guard = createIdempotency(options);
  let calls = 0;
  const handler = guard.guard(
    (exchange) => {
      calls += 1;
      if (answer) return answer(exchange);
      const { res } = exchange;
      res.statusCode = 201;
      res.end(`made ${calls}`);
    },
    () => ({ route: "/x", requires: "models:invoke" }),
  );
  const listener = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const context = beginContext(req, undefined);
    try {
      await handler({ req, res, context });
    } catch (error) {
      sendError(res, noteError(error, context, options.log), context);
    }
  };
  const server = createServer((req, res) => void listener(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    await guard.close(1000);
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, calls: () => calls };
}

const post = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: "POST", headers, body: "{}" });

test("without a database a request with the header is refused and does nothing; one without it is served", async (t) => {
  const { url, calls } = await serve(t, world({ claim: away }));
  assert.equal((await post(url, { "idempotency-key": "a" })).status, 503);
  assert.equal(calls(), 0);
  assert.equal(await (await post(url)).text(), "made 1");
});

test("a database that goes away while the request runs keeps its client from nothing, and is said", async (t) => {
  const made = world({ finish: away });
  const { url } = await serve(t, made);
  assert.equal(await (await post(url, { "idempotency-key": "a" })).text(), "made 1");
  assert.match(made.said.join(), /could not be recorded/);
});

test("a record that the database takes at the second try is recorded", async (t) => {
  let tries = 0;
  const made = world({ finish: () => ((tries += 1) === 1 ? away() : Promise.resolve(true)) });
  const { url } = await serve(t, made);
  assert.equal((await post(url, { "idempotency-key": "a" })).status, 201);
  assert.equal(tries, 2);
  assert.deepEqual(made.said, []);
});

test("a stream that told an error is not kept, however it is framed; an error that is the whole answer is", async (t) => {
  const streamed = (type: string) => (exchange: Exchange) => {
    exchange.context.code = "provider_stream_broken";
    exchange.res.writeHead(200, { "content-type": type });
    exchange.res.end("said, then an error");
  };
  const whole =
    (status: number) =>
    ({ res, context }: Exchange): void => {
      context.code = "provider_rejected";
      res.writeHead(status, { "content-type": "application/json" });
      res.end("{}");
    };
  const ends = async (answer: (exchange: Exchange) => void): Promise<string[]> => {
    const told: string[] = [];
    const made = world({
      finish: () => Promise.resolve(told.push("kept") > 0),
      release: () => Promise.resolve(void told.push("released")),
    });
    await (await post((await serve(t, made, answer)).url, { "idempotency-key": "a" })).text();
    return told;
  };
  assert.deepEqual(await ends(streamed("text/event-stream; charset=utf-8")), ["released"]);
  // Gemini's streams are one JSON array where they are not asked for as events.
  assert.deepEqual(await ends(streamed("application/json; charset=UTF-8")), ["released"]);
  assert.deepEqual(await ends(whole(400)), ["kept"]);
  assert.deepEqual(await ends(whole(201)), ["kept"], "a run that failed was made all the same");
});

test("a path is guarded as the application knows it, with a slash at its end too", () => {
  for (const path of [
    "/api/v1/api-keys",
    "/api/v1/tenants",
    "/api/v1/api-keys/key_1/rotate",
    "/api/v1/agents/a/runs",
  ]) {
    assert.ok(idempotentRoute(path), path);
    assert.equal(idempotentRoute(`${path}/`), idempotentRoute(path));
  }
  for (const path of ["/", "", "/api/v1/users", "/api/v1/agents/a"]) assert.equal(idempotentRoute(path), undefined);
});

test("what has expired is removed every hour, all of each tenant's", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const purged: string[] = [];
  const { options } = world(
    {
      purge(tenantId) {
        purged.push(tenantId);
        return Promise.resolve(tenantId === "a" && purged.length < 3 ? 1000 : 0);
      },
    },
    ["a", "b", "a"],
  );
  const guard = createIdempotency(options);
  t.mock.timers.tick(3_599_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(purged, []);
  t.mock.timers.tick(1000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(purged, ["a", "a", "a", "b"]);
  await guard.close(0);
});
