import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { later } from "../server/src/store/testing/databases.ts";
import {
  API_KEY,
  chat,
  clientOf,
  errorOf,
  gate,
  leaveAt,
  post,
  stream,
  type Streamed,
  until,
  Upstream,
} from "./support/idempotency.ts";
import { type SharedDatabase, sharedDatabase } from "./support/replicas.ts";
import { startScriptedUpstream } from "./support/scripted-upstream.ts";
import { type RunningServer, startServer } from "./support/server.ts";

const USAGE = { input: 5, output: 3 };

const PIECE = "a piece of text that nobody may read at rest";

interface World {
  readonly one: RunningServer;
  readonly two: RunningServer;
  readonly upstream: Upstream;
  readonly database: SharedDatabase;
  /** What a further server is started with. */
  readonly env: Readonly<Record<string, string>>;
}

const CHECKS: readonly (readonly [string, (world: World, t: TestContext) => Promise<void>])[] = [
  [
    "a repeated stream is given again by the other server, as a stream, and reaches no model",
    async ({ one, two, upstream }) => {
      upstream.on("say it once", (reply, nth) => {
        reply.text(`${PIECE} `);
        reply.text(`number ${nth}`);
        reply.end(USAGE);
      });
      const key = randomUUID();
      const first = await stream(clientOf(one), "say it once", key);
      const second = await stream(clientOf(two), "say it once", key);
      assert.deepEqual(first, { id: "chatcmpl-1", text: `${PIECE} number 1`, replayed: null });
      assert.deepEqual(second, { ...first, replayed: "true" });
      assert.equal(upstream.count("say it once"), 1);
      // Controls: another key, and no key, are other requests.
      assert.equal((await stream(clientOf(two), "say it once", randomUUID())).text, `${PIECE} number 2`);
      const plain = await post(two, "/v1/chat/completions", { ...chat("say it once"), stream: true });
      assert.match(await plain.text(), /number 3/);
    },
  ],
  [
    "while the first one runs, the other server says 409 and when to ask again; another body is 422",
    async ({ one, two, upstream }) => {
      const { open, opened } = gate();
      upstream.on("wait for it", async (reply) => {
        reply.text("begun");
        await opened;
        reply.end(USAGE);
      });
      const key = randomUUID();
      const first = stream(clientOf(one), "wait for it", key);
      await until("the upstream is asked", () => upstream.count("wait for it") === 1);
      const conflict = await errorOf(stream(clientOf(two), "wait for it", key));
      assert.deepEqual([conflict.status, conflict.code], [409, "idempotency_key_in_use"]);
      assert.equal(conflict.headers?.get("retry-after"), "1");
      const reused = await errorOf(stream(clientOf(two), "something else", key));
      assert.deepEqual([reused.status, reused.code], [422, "idempotency_key_reused"]);
      // Longer than its lease: the one that runs keeps the key.
      await sleep(6000);
      assert.equal((await errorOf(stream(clientOf(two), "wait for it", key))).code, "idempotency_key_in_use");
      // The official client retries a 409 by itself and ends with the answer.
      const patient = stream(clientOf(two, { maxRetries: 10 }), "wait for it", key);
      open();
      assert.equal((await first).text, "begun");
      assert.equal((await patient).replayed, "true");
      const after422 = await errorOf(stream(clientOf(two), "something else", key));
      assert.equal(after422.status, 422);
      assert.equal(upstream.count("wait for it"), 1);
    },
  ],
  [
    "of many at once, on both servers, one reaches the model",
    async ({ one, two, upstream }) => {
      const { open, opened } = gate();
      upstream.on("a crowd", async (reply) => {
        await opened;
        reply.text("one");
        reply.end(USAGE);
      });
      const key = randomUUID();
      const asked = Array.from({ length: 20 }, (_, n) =>
        stream(clientOf(n % 2 === 0 ? one : two), "a crowd", key).then(
          () => "answered",
          (error: { status: number }) => error.status,
        ),
      );
      await until("the upstream is asked", () => upstream.count("a crowd") > 0);
      await Promise.race([...asked, sleep(5000)]);
      open();
      const outcomes = await Promise.all(asked);
      assert.ok(
        outcomes.every((outcome) => outcome === "answered" || outcome === 409),
        outcomes.join(),
      );
      assert.equal(upstream.count("a crowd"), 1);
    },
  ],
  [
    "an upstream's 500 or 429 is not kept, so the same key gets an answer the next time",
    async ({ one, two, upstream }) => {
      for (const status of [500, 429]) {
        const words = `fail with ${status}`;
        // For as long as the router tries it again.
        let failing = true;
        upstream.on(words, (reply) => {
          if (failing) return reply.refuse(status, "not now");
          reply.text("now");
          reply.end(USAGE);
        });
        const key = randomUUID();
        const failed = await errorOf(stream(clientOf(one), words, key));
        assert.ok(failed.status === 429 || Number(failed.status) >= 500, String(failed.status));
        failing = false;
        assert.deepEqual(await stream(clientOf(two), words, key), { id: "chatcmpl-1", text: "now", replayed: null });
      }
    },
  ],
  [
    "a stream that broke is not kept either; an error of the request is",
    async ({ one, two, upstream }) => {
      let breaking = true;
      upstream.on("break off", (reply) => {
        reply.text(breaking ? "broken" : "whole");
        if (!breaking) return reply.end(USAGE);
        // The end of the connection without an end of the answer.
        return reply.cut();
      });
      const key = randomUUID();
      await assert.rejects(stream(clientOf(one), "break off", key));
      breaking = false;
      assert.equal((await stream(clientOf(two), "break off", key)).text, "whole");

      const wrong = randomUUID();
      const body = { model: "openai-compatible/m", messages: "none" };
      const first = await post(one, "/v1/chat/completions", body, wrong);
      const again = await post(two, "/v1/chat/completions", body, wrong);
      assert.deepEqual([first.status, again.status], [400, 400]);
      assert.deepEqual(await again.json(), await first.json());
      assert.equal(again.headers.get("idempotent-replayed"), "true");
      assert.notEqual(again.headers.get("x-request-id"), first.headers.get("x-request-id"));
    },
  ],
  [
    "a client that leaves does not undo the request: it goes on, and the client that comes back has the answer",
    async ({ one, two, upstream }) => {
      const { open, opened } = gate();
      let hungUp = false;
      upstream.on("leave me", async (reply) => {
        void reply.hungUp.then(() => (hungUp = true));
        reply.text("first half, ");
        await opened;
        reply.text("second half");
        reply.end(USAGE);
      });
      const key = randomUUID();
      await leaveAt(one, "first half, ", { ...chat("leave me"), stream: true }, key);
      await until("the server saw the client leave", async () =>
        (await (await fetch(`${one.url}/metrics`)).text()).includes('route="/v1/chat/completions",status="499"'),
      );
      open();
      const back = await stream(clientOf(two, { maxRetries: 10 }), "leave me", key);
      assert.deepEqual([back.text, back.replayed], ["first half, second half", "true"]);
      assert.equal(upstream.count("leave me"), 1);
      assert.equal(hungUp, false);
    },
  ],
  [
    "control: without the header the model is left when the client leaves",
    async ({ one, upstream }) => {
      const { open, opened } = gate();
      upstream.on("leave without", async (reply) => {
        reply.text("first half, ");
        await reply.hungUp;
        open();
      });
      await leaveAt(one, "first half, ", { ...chat("leave without"), stream: true });
      await opened;
    },
  ],
  [
    "a server that is killed leaves the key in use until its lease is over; then the request runs again",
    async ({ one, two, upstream, env }, t) => {
      upstream.on("die on me", async (reply, nth) => {
        reply.text(`life ${nth}`);
        if (nth === 1) await reply.hungUp;
        else reply.end(USAGE);
      });
      const third = await startServer({ env: { ...env, IDEMPOTENCY_LEASE_SECONDS: "10" } });
      later(t, () => third.stop());
      const key = randomUUID();
      const dying = stream(clientOf(third), "die on me", key);
      await until("the upstream is asked", () => upstream.count("die on me") === 1);
      third.kill("SIGKILL");
      await assert.rejects(dying);
      assert.equal((await errorOf(stream(clientOf(one), "die on me", key))).code, "idempotency_key_in_use");
      let answer: Streamed | undefined;
      await until("the lease is over", async () => {
        answer = await stream(clientOf(one), "die on me", key).catch(() => undefined);
        return answer !== undefined;
      });
      assert.deepEqual([answer?.text, answer?.replayed], ["life 2", null]);
      assert.equal((await stream(clientOf(two), "die on me", key)).text, "life 2");
    },
  ],
  [
    "an answer that is too large to keep is given, and then said to be gone; the model is not asked again",
    async ({ one, two, upstream }) => {
      const words = "x".repeat(64 * 1024);
      upstream.on("say too much", (reply) => {
        for (let n = 0; n < 20; n += 1) reply.text(words);
        reply.end(USAGE);
      });
      const key = randomUUID();
      assert.equal((await stream(clientOf(one), "say too much", key)).text.length, 20 * words.length);
      const gone = await errorOf(stream(clientOf(two), "say too much", key));
      assert.deepEqual([gone.status, gone.code], [410, "idempotent_answer_not_kept"]);
      assert.equal(upstream.count("say too much"), 1);
    },
  ],
  [
    "an API key is made once, and the answer that shows it is given again",
    async ({ one, two, database }) => {
      const key = `"${randomUUID()}"`;
      const first = await post(one, "/api/v1/api-keys", { name: "once" }, key);
      // Quoted or bare, it is the same key.
      const again = await post(two, "/api/v1/api-keys", { name: "once" }, key.replaceAll('"', ""));
      assert.deepEqual([first.status, again.status], [201, 201]);
      assert.equal(again.headers.get("idempotent-replayed"), "true");
      assert.equal(again.headers.get("cache-control"), "no-store");
      assert.notEqual(again.headers.get("x-request-id"), first.headers.get("x-request-id"));
      assert.deepEqual(await again.json(), await first.json());
      const made = await database.query("select id from slipway.api_keys where name = 'once'");
      assert.equal(made.length, 1);
      await until("the repetition is audited", async () =>
        Boolean(
          (
            await database.query(
              "select 1 from slipway.audit_records where action = 'request.repeat' and target = 'POST /api/v1/api-keys'",
            )
          ).length,
        ),
      );
      const elsewhere = await post(one, "/api/v1/agents/concierge/runs", { name: "once" }, key);
      assert.equal(elsewhere.status, 422);
      assert.match(elsewhere.headers.get("content-type") ?? "", /problem\+json/);
      // Control: without the header every request makes one.
      for (let n = 0; n < 2; n += 1) await post(one, "/api/v1/api-keys", { name: "twice" });
      assert.equal((await database.query("select id from slipway.api_keys where name = 'twice'")).length, 2);
    },
  ],
  [
    "an agent runs once, streamed or not",
    async ({ one, two, upstream }) => {
      upstream.on("run, agent", (reply) => {
        reply.text("ran");
        reply.end(USAGE);
      });
      for (const streamed of [true, false]) {
        const before = upstream.count("run, agent");
        const body = { input: "run, agent", stream: streamed };
        const key = randomUUID();
        const first = await post(one, "/api/v1/agents/concierge/runs", body, key);
        const firstText = await first.text();
        const again = await post(two, "/api/v1/agents/concierge/runs", body, key);
        assert.equal(first.status, streamed ? 200 : 201, firstText);
        assert.deepEqual([again.status, await again.text()], [first.status, firstText]);
        assert.equal(again.headers.get("content-type"), first.headers.get("content-type"));
        assert.equal(upstream.count("run, agent"), before + 1);
      }
    },
  ],
  [
    "a streamed run that failed is not kept, and runs anew; one that was answered whole is, with what failed",
    async ({ one, two, upstream }) => {
      let failing = true;
      upstream.on("fail, agent", (reply) => {
        if (failing) return reply.refuse(400, "not like this");
        reply.text("ran");
        reply.end(USAGE);
      });
      const outcomes: string[] = [];
      for (const streamed of [true, false]) {
        failing = true;
        const key = randomUUID();
        const body = { input: "fail, agent", stream: streamed };
        const first = await post(one, "/api/v1/agents/concierge/runs", body, key);
        assert.match(await first.text(), streamed ? /"type":"error"/ : /"status":"failed"/);
        failing = false;
        const again = await post(two, "/api/v1/agents/concierge/runs", body, key);
        const ran = (await again.text()).includes("ran");
        outcomes.push(`${ran ? "ran" : "failed"}, replayed: ${again.headers.get("idempotent-replayed") ?? "no"}`);
      }
      assert.deepEqual(outcomes, ["ran, replayed: no", "failed, replayed: true"]);
    },
  ],
  [
    "nothing of it can be read at rest, and the same key of another caller is another key",
    async ({ one, upstream, database }) => {
      upstream.on("tell me apart", (reply, nth) => {
        reply.text(`caller ${nth}`);
        reply.end(USAGE);
      });
      const key = randomUUID();
      assert.equal((await stream(clientOf(one), "tell me apart", key)).text, "caller 1");
      const created = (await (await post(one, "/api/v1/api-keys", { name: "colleague" })).json()) as {
        readonly key: string;
      };
      assert.equal((await stream(clientOf(one, { apiKey: created.key }), "tell me apart", key)).text, "caller 2");
      await database.addTenant("stranger", "key-of-the-strangers");
      const stranger = clientOf(one, { apiKey: "key-of-the-strangers" });
      let answer: Streamed | undefined;
      await until("the key is known", async () => {
        answer = await stream(stranger, "tell me apart", key).catch(() => undefined);
        return answer !== undefined;
      });
      assert.deepEqual([answer?.text, answer?.replayed], ["caller 3", null]);
      const [row] = await database.query(
        "select count(*)::int as rows, coalesce(bool_or(position($1::bytea in answer) > 0), false) as readable, " +
          "coalesce(bool_or(position($2::bytea in key_hash) > 0), false) as named from slipway.idempotency_records",
        [Buffer.from(PIECE.slice(0, 12)), Buffer.from(key.slice(0, 8))],
      );
      assert.ok(Number(row?.["rows"]) > 5);
      assert.deepEqual([row?.["readable"], row?.["named"]], [false, false]);
    },
  ],
  [
    "a key that is none is refused, and paths that make nothing pass it over",
    async ({ one }) => {
      for (const key of ["", '""', "x".repeat(256), 'a"b']) {
        const response = await post(one, "/api/v1/api-keys", { name: "x" }, key);
        assert.equal(response.status, 400, JSON.stringify(key));
      }
      assert.equal((await post(one, "/api/v1/nothing", {}, randomUUID())).status, 404);
      assert.equal((await post(one, "/api/v1/api-keys", { name: "x" }, randomUUID(), "slip_wrong")).status, 401);
    },
  ],
];

test("Idempotency-Key over two servers and one PostgreSQL", async (t) => {
  const database = await sharedDatabase(t);
  if (!database) return;
  const scripted = await startScriptedUpstream(["m"]);
  later(t, () => scripted.close());
  const env = {
    API_KEY,
    OPENAI_COMPATIBLE_BASE_URL: scripted.url,
    DEFAULT_MODEL: "openai-compatible/m",
    IDEMPOTENCY_LEASE_SECONDS: "4",
    ...database.env,
  };
  const [one, two] = await Promise.all([startServer({ env }), startServer({ env })]);
  later(t, () => Promise.all([one.stop(), two.stop()]));
  const world: World = { one, two, upstream: new Upstream(scripted), database, env };
  for (const [name, check] of CHECKS) await t.test(name, (subtest) => check(world, subtest));
});

test("on the embedded database an answer outlives a restart", async (t) => {
  const first = await startServer({ env: { API_KEY } });
  const home = first.home;
  const key = randomUUID();
  const body = { model: "mock-1", messages: [{ role: "user", content: "remember me" }] };
  const before = await post(first, "/v1/chat/completions", body, key);
  const text = await before.text();
  assert.equal(before.status, 200, text);
  assert.equal(before.headers.get("idempotent-replayed"), null);
  // Its home is kept for the next one.
  first.kill("SIGTERM");
  await first.exited;
  const second = await startServer({ env: { API_KEY }, home });
  later(t, () => second.stop());
  const after = await post(second, "/v1/chat/completions", body, key);
  assert.equal(await after.text(), text);
  assert.equal(after.headers.get("idempotent-replayed"), "true");
  assert.equal(after.headers.get("x-slipway-mock"), "true");
});
