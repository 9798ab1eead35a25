import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, SlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { routeSpecSchema } from "@slipway/contracts/spec/route.ts";
import type { Provider } from "#providers/provider.ts";
import { EmbeddingFailure } from "../embedding-call.ts";
import { createRouter } from "../router.ts";
import { scriptedProvider, testBooks, testLog, testOrigin, testRequest } from "../testing.ts";

const REQUEST: EmbeddingRequest = { model: "vectors", input: [{ kind: "text", text: "x" }], encoding: "float" };

/** Fails with these codes, one a call, and answers from then on. */
function embedder(name: string, ...codes: readonly ConstructorParameters<typeof SlipwayError>[0][]) {
  const left = [...codes];
  const asked: string[] = [];
  const fail = (model: string): void => {
    asked.push(model);
    const code = left.shift();
    if (code !== undefined) throw new SlipwayError(code, `It was ${code}.`);
  };
  const provider: Provider = {
    ...scriptedProvider(name),
    async embed({ model }) {
      fail(model);
      return { model, vectors: [[1]], usage: undefined };
    },
    async countTokens({ model }) {
      fail(model);
      return 7;
    },
  };
  return { provider, asked };
}

function make(targets: readonly string[], ...embedders: readonly ReturnType<typeof embedder>[]) {
  return makeRoute({ targets: targets.map((target) => ({ target })) }, ...embedders);
}

function makeRoute(route: object, ...embedders: readonly ReturnType<typeof embedder>[]) {
  const books = testBooks();
  const providers = new Map(embedders.map(({ provider }) => [provider.name, provider]));
  const router = createRouter({ ...books, log: testLog(), providers, random: () => 0 });
  router.setRoutes({
    file: [routeSpecSchema.parse({ name: "vectors", retry: { retries: 1 }, ...route })],
  });
  const { signal } = new AbortController();
  const embed = () => router.embed(router.resolve("vectors", "t"), REQUEST, testOrigin(), signal);
  const count = () => router.countTokens(router.resolve("vectors", "t"), testRequest("vectors"), testOrigin(), signal);
  return { router, books, embed, count };
}

test("vectors are asked for again after a failure, each attempt has its ledger line, and all of them are paid for", async () => {
  const openai = embedder("openai", "provider_error");
  const { embed, books } = make(["openai/small"], openai);
  const { answer, used, target } = await embed();
  assert.deepEqual(answer.vectors, [[1]]);
  assert.equal(target.provider.name, "openai");
  assert.deepEqual(openai.asked, ["small", "small"]);
  assert.deepEqual(
    books.lines.map(({ outcome }) => outcome),
    ["error", "ok"],
  );
  assert.deepEqual(used, answer.usage);
});

test("another provider of the same model is asked, one of another model never", async () => {
  const broken = embedder("openai", ...Array.from({ length: 9 }, () => "provider_error" as const));
  const other = embedder("google");
  const alike = embedder("azure");
  const { embed } = make(["openai/small", "google/large", "azure/small"], broken, other, alike);
  assert.equal((await embed()).target.provider.name, "azure");
  assert.deepEqual(other.asked, []);
  // The control: with the two of one model gone, the rejection is the target's own and not a vector of another model.
  const alone = make(["openai/small", "google/large"], embedder("openai", "provider_auth"), other);
  await assert.rejects(alone.embed(), (failure: unknown) => {
    assert.ok(failure instanceof EmbeddingFailure);
    assert.equal(failure.error.code, "provider_auth");
    return true;
  });
  assert.deepEqual(other.asked, []);
});

test("what a fallback cannot do is no news where a target failed", async () => {
  const told = async (first: ErrorCode, then: ErrorCode): Promise<ErrorCode> => {
    const [one, other] = [embedder("openai", first, first), embedder("azure", then, then)];
    const { embed } = makeRoute({ targets: [{ target: "openai/small" }], fallback: ["azure/small"] }, one, other);
    const failure: unknown = await embed().catch((thrown: unknown) => thrown);
    assert.ok(failure instanceof EmbeddingFailure);
    assert.equal(other.asked.length, 1);
    return failure.error.code;
  };
  assert.equal(await told("provider_error", "unsupported_field"), "provider_error");
  assert.equal(await told("model_not_found", "provider_auth"), "provider_auth");
  assert.equal(await told("model_not_found", "unsupported_field"), "unsupported_field");
});

test("what is the client's fault is not asked twice", async () => {
  const openai = embedder("openai", "provider_rejected");
  const { embed } = make(["openai/small"], openai);
  await assert.rejects(embed(), EmbeddingFailure);
  assert.equal(openai.asked.length, 1);
});

test("a target whose vectors fail again and again is left alone; one whose counts fail goes on answering", async () => {
  const failures = Array.from({ length: 40 }, () => "provider_error" as const);
  const vectors = embedder("openai", ...failures);
  const { embed } = make(["openai/small", "azure/small"], vectors, embedder("azure"));
  for (let call = 0; call < 12; call += 1) await embed();
  assert.ok(vectors.asked.length < 12, `asked ${vectors.asked.length} times`);
  const counts = embedder("openai", ...failures);
  const counting = make(["openai/small", "azure/small"], counts, embedder("azure"));
  for (let call = 0; call < 12; call += 1) assert.equal((await counting.count()).answer.tokens, 7);
  assert.equal(counts.asked.length, 12);
});

test("a client that leaves during a pause ends it", async () => {
  const openai = embedder("openai", "provider_rate_limited", "provider_rate_limited");
  const { router } = make(["openai/small"], openai);
  const leaver = new AbortController();
  const left = router.embed(router.resolve("vectors", "t"), REQUEST, testOrigin(), leaver.signal);
  setTimeout(() => leaver.abort(), 20);
  await assert.rejects(left, (failure: unknown) => {
    assert.ok(failure instanceof EmbeddingFailure);
    assert.equal(failure.error.code, "client_closed_request");
    return true;
  });
  assert.equal(openai.asked.length, 1);
});
