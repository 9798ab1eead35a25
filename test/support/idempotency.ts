import assert from "node:assert/strict";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import type { ScriptedUpstream, UpstreamReply } from "./scripted-upstream.ts";
import type { RunningServer } from "./server.ts";

/** The key of a test's servers. */
export const API_KEY = "test-key-of-the-idempotency-test";

/** The official client, told by which header its `idempotencyKey` travels. */
export class Client extends OpenAI {
  protected override idempotencyHeader = "Idempotency-Key";
}

export const clientOf = (
  server: RunningServer,
  options: { readonly apiKey?: string; readonly maxRetries?: number } = {},
): Client => new Client({ baseURL: `${server.url}/v1`, apiKey: API_KEY, maxRetries: 0, ...options });

export const chat = (content: string) => ({
  model: "openai-compatible/m",
  messages: [{ role: "user" as const, content }],
});

/** A streamed answer, gathered. */
export interface Streamed {
  readonly id: string;
  readonly text: string;
  readonly replayed: string | null;
}

export async function stream(client: OpenAI, content: string, idempotencyKey: string): Promise<Streamed> {
  const { data, response } = await client.chat.completions
    .create({ ...chat(content), stream: true }, { idempotencyKey })
    .withResponse();
  let text = "";
  let id = "";
  for await (const chunk of data) {
    id = chunk.id;
    text += chunk.choices[0]?.delta.content ?? "";
  }
  return { id, text, replayed: response.headers.get("idempotent-replayed") };
}

export function post(
  server: RunningServer,
  path: string,
  body: unknown,
  key?: string,
  apiKey = API_KEY,
): Promise<Response> {
  const headers = {
    authorization: `Bearer ${apiKey}`,
    "content-type": "application/json",
    ...(key === undefined ? {} : { "idempotency-key": key }),
  };
  return fetch(server.url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** An upstream that counts, and tells when it has been asked. */
export class Upstream {
  readonly #upstream: ScriptedUpstream;
  readonly counts = new Map<string, number>();

  constructor(upstream: ScriptedUpstream) {
    this.#upstream = upstream;
  }

  /** Answers these words by the script; resolves with the reply when they come the `nth` time. */
  on(words: string, script: (reply: UpstreamReply, nth: number) => void | Promise<void>): void {
    this.#upstream.on(words, (reply) => {
      const nth = this.count(words) + 1;
      this.counts.set(words, nth);
      return script(reply, nth);
    });
  }

  count(words: string): number {
    return this.counts.get(words) ?? 0;
  }
}

export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return { open: () => resolve(undefined), opened: promise.then(() => {}) };
}

export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    assert.ok(performance.now() < end, what);
    await sleep(20);
  }
}

export async function errorOf(work: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpenAI.APIError, String(error));
  return error;
}

/** Asks for a stream, and breaks the connection (RST, as a network that goes away) as soon as these words have come. */
export async function leaveAt(server: RunningServer, words: string, body: unknown, key?: string): Promise<void> {
  const { hostname, port } = new URL(server.url);
  const text = JSON.stringify(body);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${API_KEY}\r\n` +
      (key === undefined ? "" : `idempotency-key: ${key}\r\n`) +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  let come = "";
  await new Promise<void>((resolve, reject) => {
    socket.on("data", (data: Buffer) => {
      come += data.toString();
      if (come.includes(words)) resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`the server closed the connection after:\n${come}`)));
  });
  socket.resetAndDestroy();
}
