import { hash } from "node:crypto";
import { toSlipwayError } from "@slipway/contracts/errors.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
import { ByteLru } from "#lib/byte-lru.ts";
import { CircuitBreaker, DEFAULT_BREAKER } from "#lib/circuit-breaker.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { verdictOf } from "../../attempts/failure.ts";
import type { CallOrigin } from "../../booking.ts";
import { EmbeddingFailure } from "../../embedding-call.ts";
import type { Departure } from "../flights.ts";
import type { Embedder } from "./embedder.ts";
import { unitVector } from "./unit-vector.ts";

/** What there is instead of a vector. `paused`: the model failed again and again and is left alone. */
export type NoVector = "failed" | "timeout" | "paused";

// What a breaker a tenant costs is little, and one tenant's wrong key must not take the others' vectors away.
const MOST_BREAKERS = 1_000;
/** A text that is asked for again within this time costs nothing. */
const KEEP_MS = 3_600_000;

interface QuestionVectorOptions {
  readonly timeoutMs: number;
  /** Bytes of vectors that are kept, in case a text comes again. */
  readonly maxBytes: number;
  /** Goes into the names that vectors are kept under. */
  readonly pepper: Uint8Array;
  readonly log: Logger;
}

/** Vectors of questions, each within a time of its own. Never rejects. */
export class QuestionVectors {
  readonly #options: QuestionVectorOptions;
  readonly #kept: ByteLru<Float32Array>;
  readonly #breakers = new BoundedMap<string, CircuitBreaker>(MOST_BREAKERS);

  constructor(options: QuestionVectorOptions) {
    this.#options = options;
    this.#kept = new ByteLru(options.maxBytes);
  }

  get bytes(): number {
    return this.#kept.bytes;
  }

  /** The text's unit vector. Ends within the time that a vector may take, or when the client leaves. */
  async of(embedder: Embedder, text: string, origin: CallOrigin, client: Departure): Promise<Float32Array | NoVector> {
    const { tenantId } = origin;
    const name = JSON.stringify([tenantId, embedder.model, text]);
    const key = hash("sha256", Buffer.concat([this.#options.pepper, Buffer.from(name, "utf8")]), "base64url");
    const kept = this.#kept.get(key, Date.now());
    if (kept) return kept;
    const breaker = this.#breakerOf(tenantId);
    if (!breaker.admits(performance.now())) return "paused";
    const vector = await this.#ask(breaker, embedder, text, origin, client);
    if (typeof vector !== "string") this.#kept.set(key, vector, vector.byteLength, Date.now() + KEEP_MS);
    return vector;
  }

  async #ask(
    breaker: CircuitBreaker,
    embedder: Embedder,
    text: string,
    origin: CallOrigin,
    client: Departure,
  ): Promise<Float32Array | NoVector> {
    const { timeoutMs, log } = this.#options;
    const stop = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stop.abort();
    }, timeoutMs);
    client.once("close", () => stop.abort());
    if (client.destroyed) stop.abort();
    const probe = breaker.begin(performance.now());
    try {
      const answer = await embedder.embed(text, origin, stop.signal);
      const vector = answer && unitVector(answer);
      if (!vector) throw new TypeError("The embedding model answered with no vector that has a direction.");
      if (probe) breaker.probePassed(performance.now());
      else breaker.succeeded(performance.now());
      return vector;
    } catch (thrown) {
      const error = toSlipwayError(thrown instanceof EmbeddingFailure ? thrown.error : thrown);
      // A client that leaves, and a text that the model refuses, say nothing of the model.
      const told = late || (!stop.signal.aborted && (error.code === "internal" || verdictOf(error).mark !== "nothing"));
      if (told) breaker.failed(performance.now(), probe);
      else if (probe) breaker.release();
      const fields = { model: embedder.model, code: error.code, error: describeError(error), late };
      log.debug(fields, "a question has no vector; it is taken as one that nobody asked before");
      return late ? "timeout" : "failed";
    } finally {
      clearTimeout(timer);
    }
  }

  #breakerOf(tenantId: string): CircuitBreaker {
    let breaker = this.#breakers.get(tenantId);
    if (!breaker) {
      breaker = new CircuitBreaker(DEFAULT_BREAKER, (_, to, openMs) => {
        const { log } = this.#options;
        if (to === "open") log.warn({ tenantId, openMs }, "questions are not compared: their embedding model fails");
        if (to === "closed") log.info({ tenantId }, "questions are compared again");
      });
      this.#breakers.set(tenantId, breaker);
    }
    return breaker;
  }
}
