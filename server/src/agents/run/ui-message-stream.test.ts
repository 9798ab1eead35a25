import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { createParser } from "eventsource-parser";
import { ask, call, lookUp, ORIGIN, say, scriptedModels, setUpRunner, STEP_USAGE, type Script } from "../testing.ts";
import type { RunEvent } from "./run-event.ts";
import { UI_MESSAGE_STREAM_HEADERS, UiMessageStream } from "./ui-message-stream.ts";

type Chunk = { readonly type: string } & Record<string, unknown>;

/** The chunks as an outside parser of server-sent events finds them; the end mark must be the last. */
function read(stream: string): Chunk[] {
  const data: string[] = [];
  createParser({ onEvent: (event) => data.push(event.data), onError: (error) => assert.fail(error) }).feed(stream);
  assert.equal(data.pop(), "[DONE]");
  return data.map((text) => JSON.parse(text) as Chunk);
}

/** Each chunk's fields that must be there, as the AI SDK documents them (https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol). */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  start: ["messageId"],
  "start-step": [],
  "text-start": ["id"],
  "text-delta": ["id", "delta"],
  "text-end": ["id"],
  "reasoning-start": ["id"],
  "reasoning-delta": ["id", "delta"],
  "reasoning-end": ["id"],
  "tool-input-available": ["toolCallId", "toolName", "input"],
  "tool-output-available": ["toolCallId", "output"],
  "tool-output-error": ["toolCallId", "errorText"],
  "finish-step": [],
  finish: ["finishReason"],
  abort: ["reason"],
  error: ["errorText"],
};

/** What breaks the protocol; empty when nothing does. */
function faults(chunks: readonly Chunk[]): string[] {
  const found: string[] = [];
  const open = new Set<unknown>();
  const asked = new Set<unknown>();
  for (const chunk of chunks) {
    const fields = FIELDS[chunk.type];
    if (fields === undefined) found.push(`unknown type ${chunk.type}`);
    for (const field of fields ?? []) if (!(field in chunk)) found.push(`${chunk.type} without ${field}`);
    if (chunk.type.endsWith("-start") && "id" in chunk) open.add(chunk["id"]);
    if (chunk.type.endsWith("-delta") && !open.has(chunk["id"])) found.push(`${chunk.type} of a part that is not open`);
    if (chunk.type.endsWith("-end") && !open.delete(chunk["id"]))
      found.push(`${chunk.type} of a part that is not open`);
    if (chunk.type === "tool-input-available") asked.add(chunk["toolCallId"]);
    if (chunk.type.startsWith("tool-output") && !asked.delete(chunk["toolCallId"]))
      found.push("an output without its input");
  }
  if (open.size > 0) found.push("a part is left open");
  if (asked.size > 0) found.push("a tool is left without output");
  return found;
}

async function stream(scripts: readonly Script[]): Promise<Chunk[]> {
  const { runner } = setUpRunner(scriptedModels(...scripts), { tools: { look_up: lookUp } });
  const prepared = await runner.prepare(ask("?"), ORIGIN);
  const writer = new UiMessageStream(prepared);
  let text = writer.begin();
  await prepared.start({ event: (event) => (text += writer.event(event)) }).finished;
  const chunks = read(text);
  assert.deepEqual(chunks[0], {
    type: "start",
    messageId: prepared.runId,
    messageMetadata: { runId: prepared.runId, threadId: prepared.threadId },
  });
  return chunks;
}

test("a run with a tool is written in the documented chunks and order", async () => {
  const chunks = await stream([call(["c1", "look_up", { number: "SO-1042" }]), say("On its\n\n", "way.\u2028")]);
  assert.deepEqual(faults(chunks), []);
  assert.deepEqual(
    chunks.slice(1, -1).map(({ type, ...fields }) => [type, fields]),
    [
      ["start-step", {}],
      ["tool-input-available", { toolCallId: "c1", toolName: "look_up", input: { number: "SO-1042" } }],
      ["tool-output-available", { toolCallId: "c1", output: { found: "SO-1042" } }],
      ["finish-step", {}],
      ["start-step", {}],
      ["text-start", { id: "text-1" }],
      ["text-delta", { id: "text-1", delta: "On its\n\n" }],
      ["text-delta", { id: "text-1", delta: "way.\u2028" }],
      ["text-end", { id: "text-1" }],
      ["finish-step", {}],
    ],
  );
  const last = chunks.at(-1);
  assert.equal(last?.["finishReason"], "stop");
  const metadata = last["messageMetadata"] as { usage: typeof STEP_USAGE; steps: number };
  assert.deepEqual([metadata.steps, metadata.usage.input], [2, 2 * STEP_USAGE.input]);
});

test("reasoning and text are parts of their own, closed before the next begins", async () => {
  const chunks = await stream([
    [
      { type: "reasoning", text: "hm" },
      { type: "text", text: "a" },
      { type: "reasoning", text: "well" },
      { type: "text", text: "b" },
      { type: "finish", reason: "length" },
    ],
  ]);
  assert.deepEqual(faults(chunks), []);
  assert.deepEqual(
    chunks.filter(({ type }) => type.endsWith("-start")).map(({ id }) => id),
    ["reasoning-1", "text-2", "reasoning-3", "text-4"],
  );
  assert.equal(chunks.at(-1)?.["finishReason"], "length");
});

test("a tool that fails is a tool error; a run that fails ends in an error with everything closed", async () => {
  const chunks = await stream([
    call(["c1", "look_up", "{"]),
    [{ type: "text", text: "half a sen" }, new SlipwayError("provider_error", "The provider failed.")],
  ]);
  assert.deepEqual(faults(chunks), []);
  const failed = chunks.find(({ type }) => type === "tool-output-error");
  assert.match(String(failed?.["errorText"]), /not JSON/);
  assert.deepEqual(
    chunks.slice(-2).map(({ type }) => type),
    ["text-end", "error"],
  );
  assert.equal(chunks.at(-1)?.["errorText"], "The provider failed.");
});

test("a run that its caller stopped ends in an abort", () => {
  const writer = new UiMessageStream({ runId: "run_1", threadId: "thr_1" });
  const run = {
    id: "run_1",
    agent: "desk",
    agentVersion: null,
    threadId: "thr_1",
    status: "cancelled" as const,
    output: null,
    error: null,
    steps: 1,
    usage: STEP_USAGE,
    createdAt: "",
    finishedAt: null,
  };
  const events: RunEvent[] = [
    { type: "step_start", step: 1 },
    { type: "text", text: "x" },
    { type: "failed", run, error: new SlipwayError("client_closed_request", "Stopped.") },
  ];
  const chunks = read(writer.begin() + events.map((event) => writer.event(event)).join(""));
  assert.deepEqual(faults(chunks), []);
  assert.deepEqual(chunks.at(-1), { type: "abort", reason: "Stopped." });
});

test("the header that the AI SDK's clients look for is among the headers", () => {
  assert.equal(UI_MESSAGE_STREAM_HEADERS["x-vercel-ai-ui-message-stream"], "v1");
  assert.equal(UI_MESSAGE_STREAM_HEADERS["content-type"], "text/event-stream");
});

test("the checker of these tests sees each of the faults", () => {
  const broken: readonly Chunk[][] = [
    [{ type: "text" }],
    [{ type: "text-delta", id: "1", delta: "" }],
    [{ type: "text-start", id: "1" }],
    [{ type: "tool-output-available", toolCallId: "1", output: 1 }],
    [{ type: "tool-input-available", toolCallId: "1", toolName: "x", input: 1 }],
    [{ type: "error" }],
  ];
  for (const chunks of broken) assert.equal(faults(chunks).length, 1, JSON.stringify(chunks));
});
