import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { FinishReason, ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { createEnvelopes, type WrappedKeys } from "#keys/envelope.ts";
import { masterKeyOf } from "#keys/master-key.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import type { LogFields, Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { createPriceTable, NO_CATALOGUE } from "../price/price-table.ts";
import { type AnswerCache, type AnswerCacheOptions, createAnswerCache } from "./answer-cache.ts";
import type { CachePolicy } from "./policy.ts";

export const master = masterKeyOf(Buffer.alloc(32, 7), "environment");
const usage = { input: 7, cachedRead: 0, cacheWrite: 0, output: 3, reasoning: 0 };
const POLICY: CachePolicy = {
  read: true,
  store: true,
  maxAgeSeconds: 3600,
  ttlSeconds: 60,
  onlyIfCached: false,
};

export function answerOf(text: string, reason: FinishReason = "stop"): readonly ModelEvent[] {
  return [
    { type: "start", id: "a-1", model: "m" },
    { type: "text", text: text.slice(0, 3) },
    { type: "text", text: text.slice(3) },
    { type: "finish", reason, usage },
  ];
}

export function question(content: string, change: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "m",
    messages: [{ role: "user", content: [{ type: "text", text: content }] }],
    tools: [],
    stream: true,
    ...change,
  };
}

/** Data keys of tenants, as the store keeps them. */
export function wrappedKeys(): WrappedKeys {
  const keys = new Map<string, Uint8Array>();
  return {
    wrappedKey: (tenantId) => Promise.resolve(keys.get(tenantId)),
    putWrappedKey(tenantId, _, key) {
      if (!keys.has(tenantId)) keys.set(tenantId, key);
      return Promise.resolve(keys.get(tenantId) ?? key);
    },
  };
}

export interface Bench {
  readonly cache: AnswerCache;
  readonly lines: UsageEntry[];
  readonly warnings: string[];
}

export function makeCache(change: Partial<AnswerCacheOptions> = {}): Bench {
  const lines: UsageEntry[] = [];
  const warnings: string[] = [];
  const warn = (_: LogFields, message: string): void => void warnings.push(message);
  const log: Logger = { debug: () => {}, info: () => {}, warn, error: warn, flush: () => {} };
  const cache = createAnswerCache({
    maxBytes: 1024 * 1024,
    shared: undefined,
    envelopes: createEnvelopes(master, wrappedKeys()),
    pepper: master.fingerprinting,
    books: {
      ledger: { take: (line) => void lines.push(line), nearlyFull: false, close: () => Promise.resolve() },
      metrics: createMetrics(),
      prices: createPriceTable({ catalogue: NO_CATALOGUE, overrides: {}, providers: [] }),
    },
    log,
    ...change,
  });
  return { cache, lines, warnings };
}

/** A model whose every call waits for the test to answer it. */
export class Model {
  readonly calls: ModelEventSink[] = [];
  aborted = 0;
  readonly #asked = new EventEmitter();

  readonly call = (sink: ModelEventSink): ModelCall => {
    this.calls.push(sink);
    this.#asked.emit("call");
    return { abort: () => void (this.aborted += 1), pause: () => {}, resume: () => {} };
  };

  async untilCalls(count: number): Promise<void> {
    while (this.calls.length < count) await once(this.#asked, "call");
  }

  answer(index: number, events: readonly ModelEvent[]): void {
    for (const event of events) this.calls[index]?.event(event);
    this.calls[index]?.end();
  }
}

export class Client extends EventEmitter {
  destroyed = false;
  leave(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

export interface Asked {
  readonly tenantId?: string;
  readonly request?: ModelRequest;
  readonly policy?: Partial<CachePolicy>;
  readonly client?: Client;
}

/** Asks and gathers what comes. */
export async function ask(
  cache: AnswerCache,
  model: Model,
  asked: Asked = {},
): Promise<{
  hit: boolean;
  age: number;
  similarity: number | undefined;
  call: ModelCall;
  whole: Promise<readonly ModelEvent[]>;
}> {
  const opened = await cache.open({
    policy: { ...POLICY, ...asked.policy },
    origin: {
      tenantId: asked.tenantId ?? "t",
      keyId: "k",
      requestId: "r",
      traceparent: "",
      deadline: Date.now() + 60_000,
      agent: null,
      userId: "u-1",
      route: "everyday",
    },
    target: { provider: "p", model: "m" },
    routesVersion: "v-1",
    request: asked.request ?? question("hi"),
    client: asked.client ?? new Client(),
    call: model.call,
  });
  const events: ModelEvent[] = [];
  let call: ModelCall | undefined;
  const whole = new Promise<readonly ModelEvent[]>((resolve, reject) => {
    call = opened.start({ event: (event) => void events.push(event), end: () => resolve(events), fail: reject });
  });
  whole.catch(() => {});
  assert.ok(call);
  return { hit: opened.hit, age: opened.ageSeconds, similarity: opened.similarity, call, whole };
}

/** Asks once and lets the model answer. */
export async function fill(cache: AnswerCache, events: readonly ModelEvent[], asked: Asked = {}): Promise<void> {
  const model = new Model();
  const { hit, whole } = await ask(cache, model, asked);
  assert.equal(hit, false);
  model.answer(0, events);
  await whole;
}

export async function isHit(cache: AnswerCache, asked: Asked = {}): Promise<boolean> {
  const { hit, call } = await ask(cache, new Model(), asked);
  call.abort();
  return hit;
}
