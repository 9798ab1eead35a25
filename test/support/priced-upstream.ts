import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** An OpenAI-compatible upstream that says what it used, and keeps books of its own. */
export interface PricedUpstream {
  readonly url: string;
  /** Tokens of all answers that it has sent whole. */
  readonly tokens: number;
  readonly answers: number;
  /** Prompts that say `hang` and wait for this. */
  readonly hanging: number;
  /** Milliseconds that an answer takes. */
  delayMs: number;
  close(): Promise<void>;
}

/** Answers of at most this many tokens, whatever is asked. */
export const MOST_TOKENS = 10;

/** Starts one. Each answer has 1 to 10 tokens, by chance. */
export async function startPricedUpstream(): Promise<PricedUpstream> {
  const books = { tokens: 0, answers: 0, hanging: 0 };
  const state = { delayMs: 5 };
  const server = createServer((req, res) => {
    void text(req).then(
      (body) => {
        if (body.includes("hang")) {
          books.hanging += 1;
          return;
        }
        setTimeout(() => answer(res), state.delayMs);
      },
      () => res.destroy(),
    );
  });
  function answer(res: ServerResponse): void {
    if (res.destroyed) return;
    const tokens = 1 + Math.floor(Math.random() * MOST_TOKENS);
    books.tokens += tokens;
    books.answers += 1;
    const message = { role: "assistant", content: "word ".repeat(tokens).trim() };
    const usage = { prompt_tokens: 3, completion_tokens: tokens, total_tokens: 3 + tokens };
    const whole = { id: "c", object: "chat.completion", created: 1, model: "m", usage };
    res.writeHead(200, { "content-type": "application/json" });
    res.end(JSON.stringify({ ...whole, choices: [{ index: 0, message, finish_reason: "stop" }] }));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    get tokens() {
      return books.tokens;
    },
    get answers() {
      return books.answers;
    },
    get hanging() {
      return books.hanging;
    },
    get delayMs() {
      return state.delayMs;
    },
    set delayMs(ms) {
      state.delayMs = ms;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
