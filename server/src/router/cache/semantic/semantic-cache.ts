import { hash } from "node:crypto";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Demand } from "#limits/declared/reservation.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { CallOrigin } from "../../booking.ts";
import { answerKey } from "../answer-key.ts";
import type { CachedTarget } from "../book-hit.ts";
import type { Departure } from "../flights.ts";
import type { KeptAnswer } from "../kept-answer.ts";
import type { Embedder, OpenEmbedder } from "./embedder.ts";
import { questionOf } from "./question.ts";
import { type NoVector, QuestionVectors } from "./question-vectors.ts";
import { VectorIndex } from "./vector-index.ts";

/** What the semantic cache is made of. */
export interface SemanticCacheOptions {
  readonly open: OpenEmbedder;
  /** The least similarity, where neither route nor request says. */
  readonly threshold: number;
  /** Milliseconds that a request waits for its vector. */
  readonly timeoutMs: number;
  /** Bytes of vectors in this process. */
  readonly maxBytes: number;
  /** 32 bytes that go into every key. */
  readonly pepper: Uint8Array;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** What must be equal beside the question, as a hash. */
  readonly keyOf?: typeof answerKey;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A question that nobody has asked in these words. */
export interface SemanticAsk {
  readonly origin: CallOrigin;
  readonly target: CachedTarget;
  readonly request: ModelRequest;
  readonly client: Departure;
  /** The least similarity. */
  readonly threshold: number;
  /** Answers must be from this time on, in milliseconds since the epoch; undefined: none may be given. */
  readonly from: number | undefined;
}

/** What was found, and where the answer belongs when there was nothing. */
export interface SemanticLook {
  readonly found: { readonly answer: KeptAnswer; readonly similarity: number } | undefined;
  /** Takes up under which key this question's answer is kept. */
  learn(key: string, answer: KeptAnswer): void;
}

interface Placed {
  readonly shelf: string;
  readonly vector: Float32Array;
}

const TENANT_SHARE = 1 / 4;
const VECTORS_KEPT_SHARE = 1 / 8;
const MOST_TENANT_ENTRIES = 4_096;
const MOST_SHELF_ENTRIES = 512;
/** Entries whose answers have gone that one request clears away. */
const MOST_GONE = 4;
/** What misses the threshold by no more is told in the metrics, for whoever has to set one. */
const NEARBY = 0.1;
/** Of 32-bit numbers: a vector's product with itself may be that much below 1. */
const ROUNDING = 1e-6;

/**
 * Finds the kept answer to a question of nearly the same meaning, each tenant's own: an index in this process from the meaning of
 * a question to the key of its answer. The answers themselves are the exact cache's.
 */
export class SemanticCache {
  readonly threshold: number;
  readonly #options: SemanticCacheOptions;
  readonly #index: VectorIndex;
  readonly #vectors: QuestionVectors;
  readonly #keyOf: typeof answerKey;
  readonly #now: () => number;

  constructor(options: SemanticCacheOptions) {
    const { maxBytes, timeoutMs, pepper, log, metrics } = options;
    this.#options = options;
    this.threshold = options.threshold;
    const bytes = Math.floor(maxBytes * (1 - VECTORS_KEPT_SHARE));
    this.#index = new VectorIndex({
      bytes,
      tenantBytes: Math.floor(bytes * TENANT_SHARE),
      tenantEntries: MOST_TENANT_ENTRIES,
      shelfEntries: MOST_SHELF_ENTRIES,
    });
    const keptBytes = Math.floor(maxBytes * VECTORS_KEPT_SHARE);
    this.#vectors = new QuestionVectors({ timeoutMs, maxBytes: keptBytes, pepper, log });
    this.#keyOf = options.keyOf ?? answerKey;
    this.#now = options.now ?? Date.now;
    metrics.watchSemanticCache(() => ({
      bytes: this.#index.bytes + this.#vectors.bytes,
      entries: this.#index.entries,
    }));
  }

  /** What the vector of this request's question takes at most; undefined when it needs none. */
  demand(request: ModelRequest, tenantId: string): Demand | undefined {
    const question = questionOf(request);
    return question && this.#open(tenantId)?.demand(question.text);
  }

  /** Undefined when the question cannot be compared, for whatever reason. `find` has the answer of a key, where it is still kept. */
  async look(
    ask: SemanticAsk,
    find: (key: string) => Promise<KeptAnswer | undefined>,
  ): Promise<SemanticLook | undefined> {
    const { semanticCache: count } = this.#options.metrics;
    const placed = await this.#place(ask);
    if (typeof placed === "string") {
      count.inc({ result: placed });
      return undefined;
    }
    const { shelf, vector } = placed;
    const { tenantId } = ask.origin;
    const learn = (key: string, { at, expiresAt }: KeptAnswer): void =>
      this.#index.add({ tenantId, shelf, key, vector, at, expiresAt });
    if (ask.from === undefined) return { found: undefined, learn };
    const found = await this.#answerOf(shelf, vector, ask, find);
    count.inc({ result: found ? "hit" : "miss" });
    return { found, learn };
  }

  /** Where the question belongs, or why it belongs nowhere. */
  async #place({ origin, target, request, client }: SemanticAsk): Promise<Placed | NoVector | "ineligible"> {
    const question = questionOf(request);
    if (!question) return "ineligible";
    const embedder = this.#open(origin.tenantId);
    if (!embedder) return "failed";
    const vector = await this.#vectors.of(embedder, question.text, origin, client);
    if (typeof vector === "string") return vector;
    const equal = this.#keyOf(this.#options.pepper, origin.tenantId, target, question.rest);
    return { shelf: hash("sha256", JSON.stringify([embedder.model, equal]), "base64url"), vector };
  }

  async #answerOf(
    shelf: string,
    vector: Float32Array,
    { threshold, from = 0 }: SemanticAsk,
    find: (key: string) => Promise<KeptAnswer | undefined>,
  ): Promise<SemanticLook["found"]> {
    for (let gone = 0; gone < MOST_GONE; gone += 1) {
      const nearest = this.#index.nearest(shelf, vector, { least: threshold - NEARBY, from, now: this.#now() });
      if (nearest && gone === 0) this.#options.metrics.semanticSimilarity.observe({}, nearest.similarity);
      if (!nearest || nearest.similarity < threshold - ROUNDING) return undefined;
      const answer = await find(nearest.key);
      if (answer) {
        this.#index.touch(nearest.key);
        return { answer, similarity: nearest.similarity };
      }
      // The exact cache had no room for it any more.
      this.#index.delete(nearest.key);
    }
    return undefined;
  }

  /** Undefined when this tenant's routes lead to no embedding model. */
  #open(tenantId: string): Embedder | undefined {
    try {
      return this.#options.open(tenantId);
    } catch {
      return undefined;
    }
  }
}
