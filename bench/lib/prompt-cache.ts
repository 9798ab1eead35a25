import { hash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** Characters of a token, and the least tokens that are kept, as most vendors have it. */
const CHARACTERS_PER_TOKEN = 4;
const LEAST_TOKENS = 1024;

type Message = { role: string; content: string };

/** What one target keeps: beginnings of prompts, the one used longest ago first. */
class PromptCache {
  readonly #most: number;
  readonly #ttlMs: number;
  readonly #kept = new Map<string, number>();

  constructor(most: number, ttlMs: number) {
    this.#most = most;
    this.#ttlMs = ttlMs;
  }

  /** Tokens of the prompt, and those of its longest beginning that is kept; all of its beginnings are kept from here on. */
  read(messages: readonly Message[], now: number): { prompt: number; cached: number } {
    let chain = "";
    let characters = 0;
    let cached = 0;
    for (const { role, content } of messages) {
      chain = hash("sha256", `${chain}${role}:${content}`, "base64url");
      characters += content.length;
      const tokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
      if (tokens < LEAST_TOKENS) continue;
      const until = this.#kept.get(chain);
      if (until !== undefined && until > now) cached = tokens;
      this.#keep(chain, now);
    }
    return { prompt: Math.ceil(characters / CHARACTERS_PER_TOKEN), cached };
  }

  #keep(chain: string, now: number): void {
    this.#kept.delete(chain);
    this.#kept.set(chain, now + this.#ttlMs);
    if (this.#kept.size <= this.#most) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }
}

/** An upstream in the format of OpenAI's Chat Completions API whose every model has a prompt cache of its own. */
export type CachingUpstream = {
  /** Up to and without `/chat/completions`. */
  baseUrl: string;
  /** Requests by model since the last time that it forgot. */
  requests: ReadonlyMap<string, number>;
  /** Empties every cache. */
  forget(): void;
  close(): Promise<void>;
};

/** Starts it; each model keeps `most` beginnings of prompts for `ttlMs`. */
export async function startCachingUpstream(most: number, ttlMs: number): Promise<CachingUpstream> {
  const caches = new Map<string, PromptCache>();
  const requests = new Map<string, number>();
  const answer = (body: string): string => {
    const { model, messages } = JSON.parse(body) as { model: string; messages: Message[] };
    const cache = caches.get(model) ?? new PromptCache(most, ttlMs);
    caches.set(model, cache);
    requests.set(model, (requests.get(model) ?? 0) + 1);
    const { prompt, cached } = cache.read(messages, Date.now());
    const usage = {
      prompt_tokens: prompt,
      completion_tokens: 8,
      total_tokens: prompt + 8,
      prompt_tokens_details: { cached_tokens: cached },
    };
    const message = { role: "assistant", content: `Answer of ${messages.length} messages.` };
    return JSON.stringify({
      id: "c",
      object: "chat.completion",
      created: 1,
      model,
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage,
    });
  };
  const server = createServer((req, res) => {
    void text(req).then((body) => {
      res.writeHead(200, { "content-type": "application/json" });
      res.end(answer(body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    forget() {
      caches.clear();
      requests.clear();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
