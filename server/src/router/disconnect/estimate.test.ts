import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import type { ModelRequest, Part } from "@slipway/contracts/model/request.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { countTokens, encodeChat } from "gpt-tokenizer/encoding/o200k_base";
import { estimateUsage } from "./estimate.ts";
import { samplePrompt } from "./prompt-sample.ts";
import { Said } from "./said.ts";
import { roughTokens, ThreadTokenCounter, type TokenCounter } from "./token-counter.ts";

const ROOT = resolve(import.meta.dirname, "../../../..");

/** Texts of several kinds; each as long as it is, so that short ones are among them. */
async function texts(): Promise<ReadonlyMap<string, string>> {
  const file = (path: string) => readFile(resolve(ROOT, path), "utf8");
  const german =
    "Die Bestellung wurde gestern versandt und trifft voraussichtlich am Donnerstag ein. Für Rückfragen zur Lieferung " +
    "erreichen Sie unseren Kundendienst werktags zwischen acht und achtzehn Uhr; bitte halten Sie die Auftragsnummer bereit. ";
  const chinese =
    "您的订单已于昨天发出，预计星期四送达。如果您对配送有任何疑问，请在工作日的八点到十八点之间联系我们的客服，并准备好订单号码。";
  return new Map([
    ["English prose", await file("ARCHITECTURE.md")],
    ["TypeScript", await file("server/src/http/server.ts")],
    ["JSON", await file("package.json")],
    ["German", german],
    ["Chinese", chinese],
  ]);
}

function request(text: string): ModelRequest {
  const content = [{ type: "text", text }] as const;
  return { model: "m", messages: [{ role: "user", content }], tools: [], stream: true };
}

function estimate(counter: TokenCounter, prompt: string, answer: string): Promise<Usage> {
  const said = new Said();
  for (let at = 0; at < answer.length; at += 7) said.add({ type: "text", text: answer.slice(at, at + 7) });
  return new Promise((done) => estimateUsage(counter, { request: request(prompt), said, known: undefined }, done));
}

const off = (is: number, truth: number) => Math.abs(is - truth) / truth;

test("an estimate is within 2 % of what the vocabulary counts, for prose, code, JSON and other languages, short and long", async () => {
  const counter = new ThreadTokenCounter();
  for (const [kind, text] of await texts()) {
    for (const copies of [1, 30]) {
      const whole = Array.from({ length: copies }, (_, n) => `${n}. ${text}`).join("\n");
      const usage = await estimate(counter, whole, whole);
      const prompt = encodeChat([{ role: "user", content: whole }], "gpt-4o").length;
      assert.ok(off(usage.input, prompt) <= 0.02, `${kind} × ${copies}: ${usage.input} for ${prompt}`);
      const answer = countTokens(whole);
      assert.ok(off(usage.output, answer) <= 0.02, `${kind} × ${copies}: ${usage.output} for ${answer}`);
    }
  }
  await counter.settle(0);
});

test("a rough count is within 40 % for all of them", async () => {
  for (const [kind, text] of await texts()) {
    assert.ok(
      off(roughTokens(text), countTokens(text)) <= 0.4,
      `${kind}: ${roughTokens(text)} for ${countTokens(text)}`,
    );
  }
});

test("everything that a prompt is made of counts: tools, their calls and results, files, images, other vendors' blocks", () => {
  const base = request("x".repeat(40));
  const before = samplePrompt(base);
  const more = (part: Part) => {
    const messages = [{ role: "user" as const, content: [...(base.messages[0]?.content ?? []), part] }];
    const after = samplePrompt({ ...base, messages });
    return [after.text.length - before.text.length, after.extraTokens - before.extraTokens];
  };
  const image = { type: "image", source: { kind: "url", url: "https://x" } } as const;
  const pdf = { type: "file", source: { kind: "base64", mediaType: "application/pdf", data: "x" } } as const;
  assert.deepEqual(more({ type: "tool_call", id: "c", name: "four", arguments: "{}" }), [6, 0]);
  assert.deepEqual(
    more({ type: "tool_result", toolCallId: "c", content: [{ type: "text", text: "abc" }, image] }),
    [3, 765],
  );
  assert.deepEqual(more({ ...image, detail: "low" }), [0, 85]);
  assert.deepEqual(more({ type: "file", source: { kind: "text", text: "abcd" } }), [4, 0]);
  assert.deepEqual(more(pdf), [0, 2_000]);
  const data = Buffer.from("für").toString("base64");
  assert.deepEqual(more({ type: "file", source: { kind: "base64", mediaType: "text/plain", data } }), [3, 0]);
  const schema = { type: "json_schema", name: "n", schema: {} } as const;
  const bare = samplePrompt({ ...base, responseFormat: schema });
  const told = samplePrompt({ ...base, responseFormat: { ...schema, description: "abc" } });
  assert.equal(told.text.length - bare.text.length, 3);
  assert.deepEqual(more({ type: "native", family: "anthropic", value: { a: 1 } }), [7, 0]);
  const tools = [{ name: "f", parameters: {} }];
  assert.equal(samplePrompt({ ...base, tools }).text.length - before.text.length, JSON.stringify(tools).length);
});

test("text that names special tokens is text", async () => {
  const counter = new ThreadTokenCounter();
  const { output } = await estimate(counter, "x", "<|endoftext|><|im_start|>");
  assert.ok(output >= 8, `${output}`);
  await counter.settle(0);
});

test("when the thread fails, hangs, or does not start, the texts are counted roughly, every one of them", async (t) => {
  const dead = () => new Worker("process.exit(1)", { eval: true });
  const deaf = () => new Worker("setInterval(() => {}, 1000)", { eval: true });
  const none = (): Worker => {
    throw new Error("no threads here");
  };
  const rough = 7 + roughTokens("prompt");
  for (const start of [dead, none]) {
    const counter = new ThreadTokenCounter(start);
    const usages = await Promise.all([estimate(counter, "prompt", "a"), estimate(counter, "prompt", "a")]);
    assert.deepEqual(
      usages.map(({ input }) => input),
      [rough, rough],
    );
    await counter.settle(0);
  }
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const counter = new ThreadTokenCounter(deaf);
  const waiting = estimate(counter, "prompt", "a");
  t.mock.timers.tick(10_000);
  assert.equal((await waiting).input, rough);
});

test("settling answers what waits at once when the grace is over, and counts roughly from then on", async () => {
  const counter = new ThreadTokenCounter(() => new Worker("setInterval(() => {}, 1000)", { eval: true }));
  const waiting = estimate(counter, "prompt", "a");
  await counter.settle(0);
  assert.equal((await waiting).input, 7 + roughTokens("prompt"));
  assert.equal((await estimate(counter, "prompt", "a")).input, 7 + roughTokens("prompt"));
});

test("no more than a thousand texts wait; what comes then is counted roughly at once", async () => {
  const counter = new ThreadTokenCounter(() => new Worker("setInterval(() => {}, 1000)", { eval: true }));
  let done = 0;
  for (let n = 0; n < 1_000; n += 1) counter.count(["x"], () => (done += 1));
  assert.equal(done, 0);
  counter.count(["x"], () => (done += 1));
  assert.equal(done, 1);
  await counter.settle(0);
  assert.equal(done, 1_001);
});
