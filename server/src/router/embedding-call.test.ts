import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingAnswer, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { Provider } from "#providers/provider.ts";
import type { UsageEntry } from "#store/usage-ledger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import type { CallOrigin } from "./booking.ts";
import { callEmbedding, EmbeddingFailure } from "./embedding-call.ts";
import { catalogue } from "./price/catalogue.ts";
import { createPriceTable } from "./price/price-table.ts";

const REQUEST: EmbeddingRequest = {
  model: "asked",
  input: [
    { kind: "text", text: "12345678" },
    { kind: "tokens", tokens: [1, 2, 3] },
  ],
  encoding: "float",
};
const ORIGIN: CallOrigin = {
  tenantId: "t",
  keyId: "k",
  requestId: "r",
  traceparent: "",
  deadline: Number.MAX_SAFE_INTEGER,
  agent: null,
};
const MODEL = "text-embedding-3-small";
const ANSWER: EmbeddingAnswer = { model: MODEL, vectors: [[1], [2]], usage: undefined };

function usage(input: number): Usage {
  return { input, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };
}

interface Booked {
  readonly entries: readonly UsageEntry[];
  readonly failure: unknown;
  /** The model that the provider was asked for. */
  readonly model: string;
}

/** Calls a provider whose `embed` does this; answers with what was booked. */
async function booked(embed: Provider["embed"]): Promise<Booked> {
  const entries: UsageEntry[] = [];
  let model = "";
  const rest: Provider = {
    name: "openai",
    family: "openai",
    mock: false,
    call: () => assert.fail("was asked for an answer"),
    listModels: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  const provider: Provider = embed
    ? { ...rest, embed: (request, ...more) => ((model = request.model), embed(request, ...more)) }
    : rest;
  const ledger = {
    nearlyFull: false,
    take: (entry: UsageEntry) => void entries.push(entry),
    close: () => Promise.resolve(),
  };
  const books = {
    ledger,
    metrics: createMetrics(),
    prices: createPriceTable({ catalogue, overrides: {}, providers: [{ name: "openai", mock: false }] }),
  };
  const { signal } = new AbortController();
  const failure = await callEmbedding(books, { provider, model: MODEL }, REQUEST, ORIGIN, signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  return { entries, failure, model };
}

function assertBooked({ entries }: Booked, expected: Partial<UsageEntry>): void {
  assert.equal(entries.length, 1);
  assert.partialDeepStrictEqual(entries[0], { provider: "openai", model: MODEL, ...expected });
}

test("a call is booked with the provider's figures and their price, under the target's model", async () => {
  const call = await booked((_request, _context, { onUsage }) => {
    onUsage(usage(400_000));
    onUsage(usage(600_000));
    return Promise.resolve(ANSWER);
  });
  assertBooked(call, { usage: usage(1_000_000), source: "provider", outcome: "ok" });
  // Two cents for a million tokens, in millionths of a millionth of a dollar.
  assert.equal(call.entries[0]?.cost, 0.02 * 1e12);
  assert.equal(call.model, MODEL);
});

test("where the provider gives no figures they are estimated, and said to be", async () => {
  assertBooked(await booked(() => Promise.resolve(ANSWER)), { usage: usage(5), source: "estimated", outcome: "ok" });
});

test("a failure is booked with what was used until then", async () => {
  const error = new SlipwayError("provider_rate_limited", "Too fast.");
  const refused = await booked(() => Promise.reject(error));
  assertBooked(refused, { usage: usage(0), source: "none", outcome: "error", cost: 0 });
  assert.ok(refused.failure instanceof EmbeddingFailure && refused.failure.error === error);
  const later = await booked((_request, _context, { onUsage }) => {
    onUsage(usage(4));
    return Promise.reject(error);
  });
  assertBooked(later, { usage: usage(4), source: "provider", outcome: "error" });
  assert.ok(later.failure instanceof EmbeddingFailure && later.failure.usage.input === 4);
});

test("a call that its client leaves is charged by estimate", async () => {
  const left = await booked(() => Promise.reject(new SlipwayError("client_closed_request", "Gone.")));
  assertBooked(left, { usage: usage(5), source: "estimated", outcome: "aborted" });
});

test("a provider without embedding models is not called and not booked", async () => {
  const { entries, failure } = await booked(undefined);
  assert.deepEqual(entries, []);
  assert.ok(failure instanceof EmbeddingFailure);
  assert.equal(failure.error.code, "model_not_found");
});
