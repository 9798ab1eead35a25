import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import OpenAI from "openai";
import type { AgentList, Run } from "@slipway/contracts/api/agents.ts";
import type { ThreadMessageList } from "@slipway/contracts/api/threads.ts";
import { type RunningServer, startServer } from "./support/server.ts";

const plain = (name: string, more = "") => `import { defineAgent, defineTool, z } from "slipway/agent";

export default defineAgent({
  name: "${name}",
  description: "Repeats.",
  instructions: "Repeat.",${more}
});
`;

// Its tool never answers by itself; the mock calls it whenever the text has a ticket number.
const waiting = (name: string) =>
  plain(
    name,
    `
  tools: {
    wait_for: defineTool({
      description: "Waits for a ticket.",
      input: z.object({ ticket: z.string().regex(/^T-[0-9]{3}$/) }),
      run: (_, { signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve("stopped"))),
    }),
  },`,
  );

async function agentsFolder(t: TestContext, files: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), "slipway-agents-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return { dir, write };
}

function client(server: RunningServer) {
  const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" };
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null });
  const get = async <T>(path: string) => (await (await fetch(server.url + path, { headers })).json()) as T;
  const statusOf = async (name: string) =>
    (await get<AgentList>("/api/v1/agents")).agents.find((agent) => agent.name === name);
  return { post, get, statusOf };
}

async function until<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    assert.ok(performance.now() < end, `timed out: ${what}`);
    await sleep(25);
  }
}

/** The chunks of a UI message stream until `wanted` answers true, or all of them. The connection stays open. */
async function chunksUntil(response: Response, wanted: (chunk: Record<string, unknown>) => boolean) {
  const chunks: Record<string, unknown>[] = [];
  const parser = createParser({
    onEvent: ({ data }) => data !== "[DONE]" && chunks.push(JSON.parse(data) as Record<string, unknown>),
  });
  const decoder = new TextDecoder();
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  assert.ok(reader);
  while (!chunks.some(wanted)) {
    const { done, value } = await reader.read();
    if (done) break;
    parser.feed(decoder.decode(value, { stream: true }));
  }
  reader.releaseLock();
  return chunks;
}

const metadata = (chunks: readonly Record<string, unknown>[]) =>
  chunks[0]?.["messageMetadata"] as { readonly runId: string; readonly threadId: string };

test("in development an agent that is dropped in answers at once, a broken one is told by file and line, the others go on", async (t) => {
  const { dir, write } = await agentsFolder(t, { "first/agent.ts": plain("first") });
  const server = await startServer({ env: { AGENTS_DIR: dir, APP_ENV: "development" } });
  t.after(() => server.stop());
  const { post, statusOf } = client(server);

  await write("second/agent.ts", plain("second"));
  await until("the second agent", () => statusOf("second"));
  const ask = { model: "agent/second", messages: [{ role: "user", content: "Are you there?" }] };
  const answer = await post("/v1/chat/completions", ask);
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /Are you there\?/);

  await write("second/agent.ts", plain("second").replace("description", "descripton"));
  const broken = await until("the second agent breaks", async () => {
    const agent = await statusOf("second");
    return agent?.status === "broken" ? agent : undefined;
  });
  assert.match(broken.error ?? "", /^second\/agent\.ts:\d+: `description`: /);
  const refused = await post("/v1/chat/completions", ask);
  assert.equal(refused.status, 503);
  assert.match(await refused.text(), /agent_broken/);
  assert.equal((await post("/api/v1/agents/first/runs", { input: "Hello" })).status, 201);
});

test("a client that leaves during a run ends it: the run is cancelled and its thread can be gone on with", async (t) => {
  const { dir } = await agentsFolder(t, { "waiter/agent.ts": waiting("waiter") });
  const server = await startServer({ env: { AGENTS_DIR: dir } });
  t.after(() => server.stop());
  const { post, get } = client(server);
  const leaving = new AbortController();
  const response = await post("/api/v1/agents/waiter/runs", { input: "Wait for T-001", stream: true }, leaving.signal);
  const chunks = await chunksUntil(response, ({ type }) => type === "tool-input-available");
  leaving.abort();
  const { runId, threadId } = metadata(chunks);
  const run = await until("the run ends", async () => {
    const found = await get<Run>(`/api/v1/runs/${runId}`);
    return found.status === "running" ? undefined : found;
  });
  assert.equal(run.status, "cancelled");
  const next = await post("/api/v1/agents/waiter/runs", { input: "Never mind.", threadId });
  assert.equal(((await next.json()) as Run).status, "completed");
});

test("a server that is killed during a tool leaves a readable thread, which another server goes on with", async (t) => {
  const { dir } = await agentsFolder(t, { "waiter/agent.ts": waiting("waiter") });
  const home = await mkdtemp(join(tmpdir(), "slipway-killed-"));
  const running: RunningServer[] = [];
  t.after(async () => {
    for (const server of running) await server.stop();
    await rm(home, { recursive: true, force: true });
  });
  const env = { AGENTS_DIR: dir, API_KEY: "key-of-the-killed-server-0123456789" };

  const first = await startServer({ home, env });
  const response = await client(first).post("/api/v1/agents/waiter/runs", { input: "Wait for T-002", stream: true });
  const chunks = await chunksUntil(response, ({ type }) => type === "tool-input-available");
  const { runId, threadId } = metadata(chunks);
  first.kill("SIGKILL");
  await first.exited;

  const second = await startServer({ home, env });
  running.push(second);
  const { post, get } = client(second);
  const left = await get<ThreadMessageList>(`/api/v1/threads/${threadId}/messages`);
  assert.deepEqual(
    left.messages.map(({ role }) => role),
    ["user", "assistant"],
  );
  assert.equal(left.messages[1]?.content[0]?.type, "tool_call");
  // Nobody knows yet that it will not end: only its time tells.
  assert.equal((await get<Run>(`/api/v1/runs/${runId}`)).status, "running");
  const next = await post("/api/v1/agents/waiter/runs", { input: "Are you back?", threadId });
  assert.equal(next.status, 201);
  assert.match(((await next.json()) as Run).output ?? "", /Are you back\?/);
});

test("a thread is reached from any side: begun by a run, gone on with by a chat completion, read by the API", async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const { post, get } = client(server);
  const begun = (await (await post("/api/v1/agents/order-desk/runs", { input: "Where is SO-1042?" })).json()) as Run;
  assert.match(begun.output ?? "", /Harbour & Sons/);
  const answer = await post("/v1/chat/completions", {
    model: "agent/order-desk",
    messages: [{ role: "user", content: "Thank you." }],
    metadata: { thread_id: begun.threadId },
  });
  assert.equal(answer.headers.get("x-slipway-thread-id"), begun.threadId);
  await answer.text();
  const { messages } = await get<ThreadMessageList>(`/api/v1/threads/${begun.threadId}/messages`);
  assert.deepEqual(
    messages.map(({ role }) => role),
    ["user", "assistant", "tool", "assistant", "user", "assistant"],
  );
});

test("the official OpenAI client streams from an agent that uses its tool, and learns the thread from the headers", async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 });
  const { data, response } = await openai.chat.completions
    .create({
      model: "agent/order-desk",
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: "user", content: "When does SO-1042 come? Estimate arrival, please." }],
    })
    .withResponse();
  let text = "";
  let tokens = 0;
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? "";
    tokens = chunk.usage?.total_tokens ?? tokens;
  }
  assert.match(text, /"arrivesOn":"2026-11-25"/);
  assert.ok(tokens > 0);
  assert.match(response.headers.get("x-slipway-thread-id") ?? "", /^thr_/);
  await assert.rejects(
    openai.chat.completions.create({ model: "agent/nobody", messages: [{ role: "user", content: "?" }] }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === "agent_not_found",
  );
});
