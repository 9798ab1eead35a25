import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { type Received, type Reply, receiver, testPost } from "../testing/http-server.ts";
import { sinkRecord } from "../testing/records.ts";
import { webhookKey } from "./sign-webhook.ts";
import { createWebhookSink } from "./webhook.ts";

const makeSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;
const keyOf = (secret: string): Uint8Array => webhookKey(secret) ?? assert.fail("the secret is no secret");
const RECORDS = [1, 2, 3].map((position) => sinkRecord(position));
const OK: Reply = { status: 204 };

async function setUp(t: TestContext, secrets: readonly string[], reply: (request: Received, count: number) => Reply) {
  const there = await receiver(t, reply);
  const settings = { url: `${there.url}/hooks/audit?team=7`, keys: secrets.map(keyOf) };
  const sink = createWebhookSink(settings, testPost(t, "webhook"));
  const { signal } = new AbortController();
  return { ...there, sink, deliver: (records = RECORDS) => sink.deliver(records, signal) };
}

/** The message, verified as a receiver does it; throws when it is not what was signed. */
function verified(secret: string, { headers, body }: Received): unknown {
  return new Webhook(secret).verify(body.toString(), {
    "webhook-id": String(headers["webhook-id"]),
    "webhook-timestamp": String(headers["webhook-timestamp"]),
    "webhook-signature": String(headers["webhook-signature"]),
  });
}

test("the standardwebhooks package verifies what is sent, and refuses it when anything was changed", async (t) => {
  const secret = makeSecret();
  const { deliver, received } = await setUp(t, [secret], () => OK);
  assert.deepEqual(await deliver(), { kind: "delivered", count: 3 });
  const [message] = received;
  assert.ok(message);
  assert.equal(message.path, "/hooks/audit?team=7");
  const { type, data } = verified(secret, message) as { type: string; data: { records: { id: string }[] } };
  assert.equal(type, "audit.records");
  assert.deepEqual(
    data.records.map(({ id }) => id),
    RECORDS.map(({ id }) => id),
  );
  assert.throws(() => verified(makeSecret(), message), /No matching signature/);
  const changed = Buffer.from(message.body.toString().replace("model.call", "model.cull"));
  assert.throws(() => verified(secret, { ...message, body: changed }), /No matching signature/);
  const renamed = { ...message.headers, "webhook-id": "msg_another" };
  assert.throws(() => verified(secret, { ...message, headers: renamed }), /No matching signature/);
});

test("while a secret is changed, receivers with the old one and with the new one both verify", async (t) => {
  const [fresh, old] = [makeSecret(), makeSecret()];
  const { deliver, received } = await setUp(t, [fresh, old], () => OK);
  await deliver();
  const [message] = received;
  assert.ok(message && verified(fresh, message) && verified(old, message));
  assert.throws(() => verified(makeSecret(), message));
});

test("the same records have the same message id whenever they are sent, and others have another", async (t) => {
  const { deliver, received } = await setUp(t, [makeSecret()], () => OK);
  await deliver();
  await deliver();
  await deliver(RECORDS.slice(0, 2));
  const ids = received.map(({ headers }) => headers["webhook-id"]);
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[0], ids[2]);
  assert.match(String(ids[0]), /^msg_[\w-]{32}$/);
});

test("an answer says whether records arrived, come again, wait for a person, or are not wanted any more", async (t) => {
  let reply: Reply = OK;
  const { deliver } = await setUp(t, [], () => reply);
  const outcome = async (status: number, headers: Record<string, string> = {}) => {
    reply = { status, headers };
    return await deliver();
  };
  for (const status of [200, 201, 204]) assert.equal((await outcome(status)).kind, "delivered", String(status));
  for (const status of [408, 425, 429, 500, 502, 503])
    assert.equal((await outcome(status)).kind, "failed", String(status));
  for (const status of [301, 307, 400, 401, 403, 404, 422])
    assert.equal((await outcome(status)).kind, "refused", String(status));
  assert.equal((await outcome(410)).kind, "gone");
  assert.deepEqual(await outcome(429, { "retry-after": "90" }), {
    kind: "failed",
    reason: "the receiver answered 429",
    afterMs: 90_000,
  });
  const date = await outcome(503, { "retry-after": new Date(Date.now() + 120_000).toUTCString() });
  assert.ok(date.kind === "failed" && date.afterMs !== undefined && date.afterMs > 100_000 && date.afterMs <= 120_000);
  const long = await outcome(429, { "retry-after": "99999999" });
  assert.ok(long.kind === "failed" && long.afterMs === 86_400_000, "a receiver cannot put the sink off for ever");
});

test("a message that is too large is sent in smaller ones, in order and without a gap", async (t) => {
  const most = 600;
  const { deliver, received } = await setUp(t, [], ({ body }) => (body.length > most ? { status: 413 } : OK));
  const records = Array.from({ length: 20 }, (_, n) => sinkRecord(n + 1));
  for (let rest = records; rest.length > 0;) {
    const delivery = await deliver(rest);
    assert.ok(delivery.kind === "delivered" && delivery.count > 0);
    rest = rest.slice(delivery.count);
  }
  const arrived = received
    .filter(({ body }) => body.length <= most)
    .flatMap(({ body }) => (JSON.parse(body.toString()) as { data: { records: { id: string }[] } }).data.records);
  assert.deepEqual(
    arrived.map(({ id }) => id),
    records.map(({ id }) => id),
  );
});

test("without a secret there is no signature, and the id is there all the same", async (t) => {
  const { deliver, received } = await setUp(t, [], () => OK);
  await deliver();
  assert.equal(received[0]?.headers["webhook-signature"], undefined);
  assert.ok(received[0]?.headers["webhook-id"]);
});

test("the address that is shown holds no query, where some keep their secrets", async (t) => {
  const { sink, url } = await setUp(t, [], () => OK);
  assert.equal(sink.target, `${url}/hooks/audit`);
});

test("only secrets in the form of the specification are taken", () => {
  const text = (bytes: number): string => `whsec_${randomBytes(bytes).toString("base64")}`;
  assert.equal(webhookKey(text(24))?.length, 24);
  assert.equal(webhookKey(text(64))?.length, 64);
  for (const wrong of [text(23), text(65), text(32).slice(6), "whsec_not base64 at all, not at all", ""]) {
    assert.equal(webhookKey(wrong), undefined, wrong);
  }
});
