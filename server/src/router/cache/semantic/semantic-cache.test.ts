import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import { answerKey } from "../answer-key.ts";
import { answerOf, ask, Client, fill, Model, question } from "../testing.ts";
import { compare, makeSemantic, type SemanticBench, vectorOf } from "./testing.ts";

const MEANING = { similarity: 0.95 };

/** Has the answer to `north` kept. */
async function keep(bench: SemanticBench, change: Partial<ModelRequest> = {}, tenantId = "t"): Promise<void> {
  await fill(bench.cache, answerOf("up there"), { request: question("north", change), tenantId, policy: MEANING });
}

async function counted(bench: SemanticBench, result: string): Promise<number> {
  const text = await bench.metrics.registry.metrics();
  return Number(new RegExp(`slipway_semantic_cache_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}

test("a question that is near enough is given the answer, event by event, with how near it is, and one further away is not", async () => {
  const bench = makeSemantic();
  await keep(bench);
  const near = await ask(bench.cache, new Model(), { request: question("about 0.97"), policy: MEANING });
  assert.equal(near.hit, true);
  assert.equal(near.similarity?.toFixed(4), "0.9700");
  assert.deepEqual(await near.whole, answerOf("up there"));
  assert.deepEqual([bench.lines.at(-1)?.source, bench.lines.at(-1)?.cost], ["cache", 0]);
  assert.equal(await compare(bench, { request: question("about 0.94") }), "miss");
  // The threshold decides, and nothing else: each the other way round.
  assert.equal(await compare(bench, { request: question("about 0.94"), policy: { similarity: 0.9 } }), 0.94);
  assert.equal(await compare(bench, { request: question("about 0.97"), policy: { similarity: 0.98 } }), "miss");
  assert.deepEqual([await counted(bench, "hit"), await counted(bench, "miss")], [2, 3]);
});

test("an equal question needs no vector, and one that does not ask for meanings is given equal answers only", async () => {
  const bench = makeSemantic();
  await keep(bench);
  assert.equal(bench.embedded.length, 1);
  assert.equal(await compare(bench, { request: question("north") }), "equal");
  const { hit, call } = await ask(bench.cache, new Model(), { request: question("about 0.99") });
  call.abort();
  assert.equal(hit, false);
  assert.equal(bench.embedded.length, 1);
  // A text that comes again has its vector already.
  for (let count = 0; count < 2; count += 1)
    assert.equal(await compare(bench, { request: question("about 0.99") }), 0.99);
  assert.equal(bench.embedded.length, 2);
});

test("another tenant's question is never answered, however near", async () => {
  const bench = makeSemantic();
  await keep(bench, {}, "t");
  assert.equal(await compare(bench, { request: question("about 0.99"), tenantId: "u" }), "miss");
  assert.equal(await compare(bench, { request: question("about 0.99"), tenantId: "t" }), 0.99);
});

test("control: under a key that leaves the tenant out, the other tenant would be given the answer", async () => {
  const bench = makeSemantic({ keyOf: (pepper, _, target, request) => answerKey(pepper, "", target, request) });
  await keep(bench, {}, "t");
  assert.equal(await compare(bench, { request: question("about 0.99"), tenantId: "u" }), 0.99);
});

test("everything but the last message's text must be equal", async () => {
  const system = (text: string): Message => ({ role: "system", content: [{ type: "text", text }] });
  const user = (text: string): Message => ({ role: "user", content: [{ type: "text", text }] });
  const said = (text: string): Message => ({ role: "assistant", content: [{ type: "text", text }] });
  const base: Partial<ModelRequest> = { temperature: 0 };
  const earlier = [system("be brief"), user("hello"), said("hi")];
  const kept = { ...base, messages: [...earlier, user("north")] };
  const bench = makeSemantic();
  await keep(bench, kept);
  const near = user("about 0.99");
  const others: readonly Partial<ModelRequest>[] = [
    { ...base, messages: [system("be long"), ...earlier.slice(1), near] },
    { ...base, messages: [...earlier.slice(1), near] },
    { ...base, messages: [earlier[0] ?? near, user("Hello"), said("hi"), near] },
    { ...base, messages: [...earlier, near], temperature: 1 },
    { ...base, messages: [...earlier, near], model: "alias" },
    { ...base, messages: [...earlier, near], maxOutputTokens: 5 },
    { ...base, messages: [...earlier, near], responseFormat: { type: "json_object" } },
    { ...base, messages: [...earlier, near], tools: [{ name: "f", parameters: {} }] },
    { ...base, messages: [...earlier, near], extra: { family: "openai", fields: { logit_bias: {} } } },
    { ...base, messages: [...earlier, { ...near, name: "ada" }] },
  ];
  for (const change of others)
    assert.equal(await compare(bench, { request: question("", change) }), "miss", JSON.stringify(change));
  // Control: with all of it equal it is a hit.
  assert.equal(await compare(bench, { request: question("", { ...base, messages: [...earlier, near] }) }), 0.99);
});

test("pictures, files, what tools answered, an assistant's turn, and long or empty texts are not compared", async () => {
  const bench = makeSemantic();
  const source = { kind: "url", url: "https://example.com/a.png" } as const;
  const text = { type: "text", text: "north" } as const;
  const last = question("north").messages;
  const requests: readonly Partial<ModelRequest>[] = [
    { messages: [{ role: "user", content: [text, { type: "image", source }] }] },
    { messages: [{ role: "user", content: [{ type: "file", source }] }, ...last] },
    { messages: [{ role: "tool", content: [{ type: "tool_result", toolCallId: "1", content: [] }] }, ...last] },
    { messages: [{ role: "user", content: [{ type: "native", family: "openai", value: {} }, text] }] },
    { messages: [{ role: "assistant", content: [text] }] },
    { messages: [{ role: "user", content: [{ ...text, text: "x".repeat(8_193) }] }] },
    { messages: [{ role: "user", content: [{ ...text, text: " " }] }] },
  ];
  for (const change of requests) assert.equal(await compare(bench, { request: question("", change) }), "miss");
  assert.deepEqual(bench.embedded, []);
  assert.equal(await counted(bench, "ineligible"), requests.length);
});

test("a model that is slow, fails, or answers no vector costs a miss and never the request, and is then left alone", async () => {
  const silent = makeSemantic({
    timeoutMs: 20,
    embed: (_, signal) =>
      new Promise((_resolve, reject) => {
        const left = new SlipwayError("client_closed_request", "stopped");
        signal.addEventListener("abort", () => reject(left), { once: true });
      }),
  });
  assert.equal(await compare(silent, { request: question("slow") }), "miss");
  assert.equal(await counted(silent, "timeout"), 1);

  const failing = makeSemantic({ embed: () => Promise.reject(new SlipwayError("provider_error", "broken")) });
  for (let count = 0; count < 7; count += 1)
    assert.equal(await compare(failing, { request: question(`broken ${count}`) }), "miss");
  assert.deepEqual([await counted(failing, "failed"), await counted(failing, "paused")], [5, 2]);
  assert.equal(failing.embedded.length, 5);
  // Another tenant's calls are not paused by it.
  assert.equal(await compare(failing, { request: question("broken"), tenantId: "u" }), "miss");
  assert.equal(failing.embedded.length, 6);

  const empty = makeSemantic({ embed: () => Promise.resolve([0, 0, 0]) });
  assert.equal(await compare(empty, { request: question("nothing") }), "miss");
  assert.equal(await counted(empty, "failed"), 1);
});

test("a text that the model refuses does not stop others from being compared", async () => {
  const bench = makeSemantic({
    embed: (text) =>
      text.startsWith("bad")
        ? Promise.reject(new SlipwayError("provider_rejected", "no"))
        : Promise.resolve(vectorOf(text)),
  });
  for (let count = 0; count < 12; count += 1) await compare(bench, { request: question(`bad ${count}`) });
  assert.equal(await counted(bench, "paused"), 0);
  await keep(bench);
  assert.equal(await compare(bench, { request: question("about 0.99") }), 0.99);
});

test("a client that leaves stops the question for its vector", async () => {
  const stopped = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const bench = makeSemantic({
    embed: (_, signal) =>
      new Promise((_resolve, reject) => {
        asked.resolve();
        signal.addEventListener("abort", () => {
          stopped.resolve();
          reject(new SlipwayError("client_closed_request", "left"));
        });
      }),
  });
  const client = new Client();
  const asking = compare(bench, { client });
  await asked.promise;
  client.leave();
  await stopped.promise;
  assert.equal(await asking, "miss");
  assert.equal(await counted(bench, "failed"), 1);
});

test("an answer that the exact cache gave up, an expired one, and one that is older than asked for are no hits", async () => {
  const small = makeSemantic({ answerBytes: 4_096 });
  await keep(small);
  for (let count = 0; count < 20; count += 1)
    await fill(small.cache, answerOf("x".repeat(100)), { request: question(`other ${count}`) });
  assert.equal(await compare(small, { request: question("about 0.99") }), "miss");

  let now = 1_000_000_000_000;
  const clock = makeSemantic({ now: () => now });
  await fill(clock.cache, answerOf("up there"), { request: question("north"), policy: { ...MEANING, ttlSeconds: 60 } });
  now += 59_000;
  assert.equal(await compare(clock, { request: question("about 0.99"), policy: { maxAgeSeconds: 30 } }), "miss");
  assert.equal(await compare(clock, { request: question("about 0.99") }), 0.99);
  now += 2_000;
  assert.equal(await compare(clock, { request: question("about 0.99") }), "miss");
});

test("no-cache asks the model and keeps, no-store does neither", async () => {
  const bench = makeSemantic();
  await keep(bench);
  assert.equal(await compare(bench, { request: question("about 0.99"), policy: { read: false } }), "miss");
  await fill(bench.cache, answerOf("not kept"), {
    request: question("unsaid 0.10"),
    policy: { similarity: 0.95, store: false },
  });
  assert.equal(await compare(bench, { request: question("unsaid 0.11") }), "miss");
  assert.equal(await compare(bench, { request: question("about 0.99") }), 0.99);
});

test("whoever waits for an equal question is given no other question's answer unless it asks for meanings", async () => {
  const asked = Promise.withResolvers<void>();
  const vector = Promise.withResolvers<readonly number[]>();
  let slow = false;
  const bench = makeSemantic({
    embed(text) {
      if (!slow) return Promise.resolve(vectorOf(text));
      asked.resolve();
      return vector.promise;
    },
  });
  await keep(bench);
  slow = true;
  const request = question("about 0.99");
  const first = compare(bench, { request });
  await asked.promise;
  const exact = ask(bench.cache, new Model(), { request });
  const meaning = compare(bench, { request });
  vector.resolve(vectorOf("about 0.99"));
  assert.equal(await first, 0.99);
  const { hit, call } = await exact;
  assert.equal(hit, false);
  // The exact one flies again; the other waits for it until it is gone.
  call.abort();
  assert.equal(await meaning, 0.99);
  assert.equal(bench.embedded.length, 2);
});
