import { setTimeout as sleep } from "node:timers/promises";
import type { Holder, IdempotencyRecords } from "#store/idempotency-records.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { type DetachedAnswer, DetachedReply, type NearReply } from "./detached-reply.ts";
import { packReply } from "./kept-reply.ts";

/** Bytes of an answer's body that are kept. */
const MOST_KEPT_BYTES = 1024 * 1024;

const TRIES = 3;
const BETWEEN_TRIES_MS = 500;
// The client's last piece waits for the record, but not for a database that is away.
const CLIENT_WAITS_MS = 2000;

/** Answers after which the same request may have another one: they leave no trace. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 409 || status === 425 || status === 429 || status === 499;
}

export interface OnceOptions {
  readonly records: IdempotencyRecords;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly tenantId: string;
  readonly holder: Holder;
}

/** One request that holds its key: keeps the lease while it runs, and the answer when it is over. */
export class Once {
  readonly #options: OnceOptions;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #done: () => void;
  /** Resolves when the record says how it ended, or cannot be told. */
  readonly over: Promise<void>;

  constructor(options: OnceOptions) {
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.over = promise;
    this.#done = () => resolve(undefined);
    // Twice in a lease may fail before the key is lost.
    this.#heartbeat = setInterval(() => void this.#renew(), options.leaseMs / 3);
    this.#heartbeat.unref();
  }

  /** What the handler answers to instead of `near`. */
  reply(
    near: NearReply,
    answer: {
      /** The code of the error that the answer tells. */
      readonly code: () => string | undefined;
      readonly seal: (bytes: Uint8Array) => Promise<Uint8Array>;
    },
  ): DetachedReply {
    return new DetachedReply(near, {
      maxBytes: MOST_KEPT_BYTES,
      onWhole: async (whole) => {
        clearInterval(this.#heartbeat);
        const code = answer.code();
        const settled = isOver(whole, code) ? this.#finish(whole, code, answer.seal) : this.#release();
        void settled.finally(this.#done);
        await Promise.race([settled, sleep(CLIENT_WAITS_MS, undefined, { ref: false })]);
      },
    });
  }

  async #renew(): Promise<void> {
    const { records, tenantId, holder, leaseMs, log } = this.#options;
    try {
      if (await records.renew(tenantId, holder, leaseMs)) return;
      clearInterval(this.#heartbeat);
      log.warn({ tenantId }, "a request lost its idempotency key, because its lease could not be renewed in time");
    } catch (error) {
      log.warn({ error: describeError(error) }, "the lease of an idempotency key could not be renewed");
    }
  }

  #finish(
    whole: DetachedAnswer,
    code: string | undefined,
    seal: (bytes: Uint8Array) => Promise<Uint8Array>,
  ): Promise<void> {
    const { records, tenantId, holder } = this.#options;
    const { status, headers, body } = whole;
    return this.#try(async () => {
      const answer = body === undefined ? null : await seal(packReply({ status, headers, body, code }));
      await records.finish(tenantId, holder, answer);
    });
  }

  #release(): Promise<void> {
    const { records, tenantId, holder } = this.#options;
    return this.#try(() => records.release(tenantId, holder));
  }

  async #try(work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await work();
        return;
      } catch (error) {
        if (attempt === TRIES) {
          this.#options.log.error(
            { tenantId: this.#options.tenantId, error: describeError(error) },
            "how a request with an idempotency key ended could not be recorded; when its lease is over it may run again",
          );
          return;
        }
        await sleep(BETWEEN_TRIES_MS);
      }
    }
  }
}

/**
 * True for an answer that stays: a stream that told an error is none, although it began with 200, be it events or an array. What was
 * made stays made (201), whatever became of it.
 */
function isOver(whole: DetachedAnswer | undefined, code: string | undefined): whole is DetachedAnswer {
  if (!whole || isPassing(whole.status)) return false;
  return code === undefined || whole.status !== 200;
}
