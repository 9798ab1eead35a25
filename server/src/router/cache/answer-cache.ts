import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { ByteLru } from "#lib/byte-lru.ts";
import type { Envelopes } from "#keys/envelope.ts";
import type { SharedCache } from "#store/shared-cache.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Books } from "../booking.ts";
import { answerKey } from "./answer-key.ts";
import { bookHit, type Hit } from "./book-hit.ts";
import { type Departure, type Flight, Flights } from "./flights.ts";
import { eventsOf, type KeptAnswer, keptAnswer, packAnswer, unpackAnswer } from "./kept-answer.ts";
import type { CachePolicy } from "./policy.ts";
import { RecordingSink } from "./recording.ts";
import { ReplayCall } from "./replay.ts";
import type { SemanticCache, SemanticLook } from "./semantic/semantic-cache.ts";

/** One question to a model that may be answered from the cache. */
export interface CacheAsk extends Hit {
  readonly policy: CachePolicy;
  readonly request: ModelRequest;
  readonly client: Departure;
  /** Asks the model itself. */
  readonly call: (sink: ModelEventSink) => ModelCall;
}

/** How a question will be answered. */
export interface CacheAnswer {
  readonly hit: boolean;
  /** Whole seconds since the answer was whole; 0 for a miss. */
  readonly ageSeconds: number;
  /** Of a hit that answered another question: how near that one was, as a cosine. */
  readonly similarity?: number | undefined;
  start(sink: ModelEventSink): ModelCall;
}

/** Whole answers to questions that are equal in every respect, each tenant's own. */
export interface AnswerCache {
  /** Absent: only equal questions are given kept answers. */
  readonly semantic: SemanticCache | undefined;
  /** Looks the answer up, and says how it will come. Rejects with `not_cached` when the policy asks for a kept answer and there is none. */
  open(ask: CacheAsk): Promise<CacheAnswer>;
}

export interface AnswerCacheOptions {
  /** Bytes of answers in this process. */
  readonly maxBytes: number;
  /** The second level, which replicas share. */
  readonly shared: SharedCache | undefined;
  /** Answers leave the process only encrypted under their tenant's key. */
  readonly envelopes: Pick<Envelopes, "seal" | "open">;
  /** 32 bytes that go into every key. */
  readonly pepper: Uint8Array;
  /** A hit is a line of the ledger too. */
  readonly books: Books;
  readonly log: Logger;
  /** Absent: only equal questions are given kept answers. */
  readonly semantic?: SemanticCache | undefined;
  /** What an answer is kept under. */
  readonly keyOf?: typeof answerKey;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

// One answer may take an eighth of the whole, and a mebibyte at most.
const MOST_ANSWER_BYTES = 1024 * 1024;
const FLIGHT_BOUNDS = { maxWaitMs: 30_000, maxWaiting: 100 };

class TwoLevelCache implements AnswerCache {
  readonly semantic: SemanticCache | undefined;
  readonly #options: AnswerCacheOptions;
  readonly #answers: ByteLru<KeptAnswer>;
  readonly #flights = new Flights(FLIGHT_BOUNDS);
  readonly #maxAnswerBytes: number;
  readonly #keyOf: typeof answerKey;
  readonly #now: () => number;

  constructor(options: AnswerCacheOptions) {
    this.#options = options;
    this.semantic = options.semantic;
    this.#answers = new ByteLru(options.maxBytes);
    this.#maxAnswerBytes = Math.min(MOST_ANSWER_BYTES, Math.floor(options.maxBytes / 8));
    this.#keyOf = options.keyOf ?? answerKey;
    this.#now = options.now ?? Date.now;
    options.books.metrics.watchAnswerCache(() => this.#answers.bytes);
  }

  async open(ask: CacheAsk): Promise<CacheAnswer> {
    const { policy } = ask;
    const key = this.#keyOf(this.#options.pepper, ask.origin.tenantId, ask.target, ask.request);
    if (policy.read && this.#flights.has(key)) {
      const joined = await this.#flights.join(key, ask.client);
      if (joined) return this.#hit(ask, joined, "joined");
    }
    // Begun before the first wait, so that of two equal questions the second one finds it.
    const flight = policy.store && !this.#flights.has(key) ? this.#flights.begin(key) : undefined;
    const found = policy.read ? await this.#find(key, ask) : undefined;
    if (found) {
      flight?.land(found.answer);
      return this.#hit(ask, found.answer, found.level);
    }
    const look = policy.similarity === undefined ? undefined : await this.#look(policy.similarity, ask);
    if (look?.found) {
      // Whoever waits for an equal question may want no other one's answer; the vector is there for those who do.
      flight?.land(undefined);
      return this.#hit(ask, look.found.answer, "semantic", look.found.similarity);
    }
    if (policy.onlyIfCached) {
      flight?.land(undefined);
      throw new SlipwayError("not_cached", "There is no kept answer to this request.", {
        hint: "Leave `only-if-cached` out to ask the model.",
      });
    }
    this.#options.books.metrics.answerCache.inc({ result: "miss" });
    return { hit: false, ageSeconds: 0, start: (sink) => this.#ask(key, ask, flight, look, sink) };
  }

  async #look(threshold: number, ask: CacheAsk): Promise<SemanticLook | undefined> {
    const { origin, target, request, client, policy } = ask;
    const from = policy.read ? this.#now() - policy.maxAgeSeconds * 1000 : undefined;
    return this.semantic?.look(
      { origin, target, request, client, threshold, from },
      async (key) => (await this.#find(key, ask))?.answer,
    );
  }

  #hit(
    ask: CacheAsk,
    answer: KeptAnswer,
    result: "memory" | "shared" | "joined" | "semantic",
    similarity?: number,
  ): CacheAnswer {
    const { books } = this.#options;
    books.metrics.answerCache.inc({ result });
    const events = eventsOf(answer);
    return {
      hit: true,
      similarity,
      ageSeconds: Math.max(0, Math.floor((this.#now() - answer.at) / 1000)),
      start: (sink) => new ReplayCall(events, sink, (outcome) => bookHit(books, ask, outcome)),
    };
  }

  #ask(
    key: string,
    ask: CacheAsk,
    flight: Flight | undefined,
    look: SemanticLook | undefined,
    sink: ModelEventSink,
  ): ModelCall {
    if (!ask.policy.store) return ask.call(sink);
    const recording = new RecordingSink(sink, this.#maxAnswerBytes, (events) => {
      const answer = events && keptAnswer(events, this.#now(), ask.policy.ttlSeconds * 1000);
      if (answer) {
        this.#keep(key, ask.origin.tenantId, answer);
        look?.learn(key, answer);
      }
      flight?.land(answer);
    });
    const call = ask.call(recording);
    return {
      pause: () => call.pause(),
      resume: () => call.resume(),
      abort: () => {
        call.abort();
        flight?.land(undefined);
      },
    };
  }

  async #find(
    key: string,
    ask: CacheAsk,
  ): Promise<{ readonly answer: KeptAnswer; readonly level: "memory" | "shared" } | undefined> {
    const freshFrom = this.#now() - ask.policy.maxAgeSeconds * 1000;
    const near = this.#answers.get(key, this.#now());
    if (near && near.at >= freshFrom) return { answer: near, level: "memory" };
    const far = this.#options.shared && (await this.#findShared(key, ask.origin.tenantId));
    if (!far || far.at < freshFrom || far.expiresAt <= this.#now()) return undefined;
    this.#answers.set(key, far, far.events.length, far.expiresAt);
    return { answer: far, level: "shared" };
  }

  async #findShared(key: string, tenantId: string): Promise<KeptAnswer | undefined> {
    const { shared, envelopes, log } = this.#options;
    const sealed = await shared?.get(sharedName(key));
    if (!sealed) return undefined;
    try {
      return unpackAnswer(await envelopes.open(tenantId, sealed, boundName(key)));
    } catch (error) {
      // Another master key's, or another tenant's that was put there: never an answer.
      log.warn({ error: describeError(error) }, "a kept answer could not be read and is passed over");
      return undefined;
    }
  }

  #keep(key: string, tenantId: string, answer: KeptAnswer): void {
    this.#answers.set(key, answer, answer.events.length, answer.expiresAt);
    if (this.#options.shared) void this.#share(key, tenantId, answer);
  }

  async #share(key: string, tenantId: string, answer: KeptAnswer): Promise<void> {
    const { shared, envelopes, log } = this.#options;
    try {
      const sealed = await envelopes.seal(tenantId, packAnswer(answer), boundName(key));
      await shared?.set(sharedName(key), sealed, answer.expiresAt - answer.at);
    } catch (error) {
      log.warn({ error: describeError(error) }, "an answer could not be shared with other replicas");
    }
  }
}

const sharedName = (key: string): string => `answer:${key}`;
const boundName = (key: string): string => JSON.stringify(["cached answer", key]);

/** A cache in this process, and in front of the shared one when there is one. */
export function createAnswerCache(options: AnswerCacheOptions): AnswerCache {
  return new TwoLevelCache(options);
}
