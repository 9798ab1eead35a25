import { hash, timingSafeEqual } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type RecordAudit, recorded } from "#audit/audit.ts";
import type { Authenticate } from "#identity/authenticate.ts";
import { assertPermitted } from "#identity/permissions.ts";
import { actorOf, type Principal } from "#identity/principal.ts";
import type { Envelopes } from "#keys/envelope.ts";
import { newId } from "#lib/ids.ts";
import type { Holder, IdempotencyRecords } from "#store/idempotency-records.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import type { Exchange } from "../../context.ts";
import type { Handler } from "../../server.ts";
import { permissionsFor, type Requirement } from "../../route-table.ts";
import { refusal } from "../audit-trail.ts";
import { readBody } from "../body.ts";
import { noteError, sendError } from "../errors.ts";
import { queryKey } from "../query-key.ts";
import { assertOwnPage } from "../same-origin.ts";
import { readIdempotencyKey } from "./key.ts";
import { type KeptReply, unpackReply } from "./kept-reply.ts";
import { Once } from "./once.ts";

export interface IdempotencyOptions {
  readonly records: IdempotencyRecords;
  readonly authenticate: Authenticate;
  readonly envelopes: Pick<Envelopes, "seal" | "open">;
  /** 32 bytes that go into every hash, so that nobody who reads the database can test guesses of a request. */
  readonly pepper: Uint8Array;
  readonly audit: RecordAudit;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly maxBodyBytes: number;
  /** Milliseconds for which a key stays in use after its server has gone. */
  readonly leaseMs: number;
  /** Tenants whose expired records are to be removed. */
  readonly tenants: () => Promise<Iterable<string>>;
}

/** A route whose requests take effect once. */
export interface GuardedRoute {
  /** See `RouteDeclaration`: an answer that is given again is for those who may ask for it. */
  readonly requires: Requirement;
  /** Its pattern, for logs and metrics. */
  readonly route: string;
  /** See `Dialect.keyParameter`. */
  readonly keyParameter?: string | undefined;
  /** See `ErrorShape.requestIdHeader`. */
  readonly requestIdHeader?: string | undefined;
}

/** Requests that take effect once, by the `Idempotency-Key` header. */
export interface Idempotency {
  /** The handler, behind the header: a request without one costs a branch. A POST on a path that `routeOf` does not know is passed on. */
  guard(handler: Handler, routeOf: (path: string) => GuardedRoute | undefined): Handler;
  /** Waits for answers that go on without their client, at most `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

const TTL_MS = 24 * 3600 * 1000;
const PURGE_MS = 3600 * 1000;
/** Pages of a tenant in one of these hours: a million records. */
const MOST_PAGES = 1000;

function inUse(): SlipwayError {
  return new SlipwayError("idempotency_key_in_use", "A request with this Idempotency-Key is under way.", {
    hint: "Send it again in a moment: it will be given the answer.",
    retryAfter: 1,
    param: "Idempotency-Key",
  });
}

function reused(): SlipwayError {
  return new SlipwayError("idempotency_key_reused", "This Idempotency-Key was used for another request.", {
    hint: "Use a new key for a new request; send the very same path and body to repeat one.",
    param: "Idempotency-Key",
  });
}

function notKept(): SlipwayError {
  return new SlipwayError(
    "idempotent_answer_not_kept",
    "The request with this Idempotency-Key took effect; its answer was too large to be kept.",
    { hint: "Look for what it made, or send a new request with a new key.", param: "Idempotency-Key" },
  );
}

class Guard implements Idempotency {
  readonly #options: IdempotencyOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: IdempotencyOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#purge(), PURGE_MS);
    this.#timer.unref();
  }

  guard(handler: Handler, routeOf: (path: string) => GuardedRoute | undefined): Handler {
    return (exchange) => {
      const header = exchange.req.headers["idempotency-key"];
      if (header === undefined || exchange.req.method !== "POST") return handler(exchange);
      const route = routeOf(exchange.context.path);
      if (route === undefined) return handler(exchange);
      return this.#serve(exchange, handler, header, route).catch((thrown: unknown) => this.#refuse(exchange, thrown));
    };
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      Promise.allSettled(this.#running),
      new Promise((resolve) => (timer = setTimeout(resolve, timeoutMs))),
    ]);
    clearTimeout(timer);
  }

  async #serve(exchange: Exchange, handler: Handler, header: string | string[], guarded: GuardedRoute): Promise<void> {
    const { req, context } = exchange;
    const { records, leaseMs, metrics } = this.#options;
    context.route = guarded.route;
    const key = readIdempotencyKey(header);
    const principal = this.#options.authenticate(req.headers, queryKey(req.url, guarded.keyParameter));
    context.principal = principal;
    if (principal.via === "session") assertOwnPage(req);
    assertPermitted(principal, permissionsFor(guarded.requires));
    const body = await readBody(req, this.#options.maxBodyBytes);
    context.body = body;
    const { tenantId, keyId } = principal;
    const fingerprint = this.#hash([req.method ?? "", req.url ?? "", body]);
    const holder: Holder = { keyHash: this.#hash([tenantId, keyId, key]), owner: newId("idem") };
    const claim = await records.claim(tenantId, holder, { fingerprint, leaseMs, ttlMs: TTL_MS });
    if (claim.status !== "taken" && !timingSafeEqual(claim.fingerprint, fingerprint)) {
      metrics.idempotency.inc({ result: "reused" });
      throw reused();
    }
    if (claim.status === "taken") {
      metrics.idempotency.inc({ result: "first" });
      await this.#first(exchange, handler, principal, holder);
    } else if (claim.status === "running") {
      metrics.idempotency.inc({ result: "in_use" });
      throw inUse();
    } else {
      metrics.idempotency.inc({ result: "repeated" });
      if (claim.answer === null) throw notKept();
      const sealed = claim.answer;
      await this.#replay(
        exchange,
        principal,
        unpackReply(await this.#options.envelopes.open(tenantId, sealed, nameOf(holder))),
        guarded,
      );
    }
  }

  /** What is refused before the handler hears of it is recorded as the handler's own refusals are. */
  async #refuse(exchange: Exchange, thrown: unknown): Promise<void> {
    const { audit, log } = this.#options;
    const { res, context } = exchange;
    sendError(res, await refusal(audit, exchange, noteError(thrown, context, log)), context);
  }

  async #first(exchange: Exchange, handler: Handler, principal: Principal, holder: Holder): Promise<void> {
    const { req, res, context } = exchange;
    const { records, envelopes, log, leaseMs } = this.#options;
    const once = new Once({ records, log, leaseMs, tenantId: principal.tenantId, holder });
    const reply = once.reply(res, {
      code: () => context.code,
      seal: (bytes) => envelopes.seal(principal.tenantId, bytes, nameOf(holder)),
    });
    this.#running.add(once.over);
    void once.over.then(() => this.#running.delete(once.over));
    try {
      await handler({ req, res: reply, context });
    } catch (thrown) {
      sendError(reply, noteError(thrown, context, log), context);
    }
  }

  async #replay(exchange: Exchange, principal: Principal, reply: KeptReply, guarded: GuardedRoute): Promise<void> {
    const { req, res, context } = exchange;
    context.code = reply.code;
    context.audited = true;
    await recorded(this.#options.audit, {
      tenantId: principal.tenantId,
      actor: actorOf(principal),
      action: "request.repeat",
      target: `${req.method} ${context.route}`,
      outcome: "ok",
      code: reply.code ?? null,
      requestId: context.requestId,
      route: context.route,
      clientIp: context.clientIp,
    });
    const length = reply.status === 204 ? {} : { "content-length": Buffer.byteLength(reply.body) };
    // The answer is the first request's; its id is this one's.
    const id = guarded.requestIdHeader === undefined ? {} : { [guarded.requestIdHeader]: context.requestId };
    res.writeHead(reply.status, { ...reply.headers, ...length, ...id, "idempotent-replayed": "true" });
    res.end(reply.body);
  }

  // A JSON array, because with a separator one list of texts could read as another.
  #hash(texts: readonly string[]): Uint8Array {
    return hash("sha256", Buffer.concat([this.#options.pepper, Buffer.from(JSON.stringify(texts), "utf8")]), "buffer");
  }

  async #purge(): Promise<void> {
    const { records, tenants, log } = this.#options;
    try {
      for (const tenantId of new Set(await tenants())) {
        let pages = 0;
        while (!this.#closed && pages < MOST_PAGES && (await records.purge(tenantId)) > 0) pages += 1;
      }
    } catch (error) {
      log.warn(
        { error: describeError(error) },
        "expired idempotency records could not be removed and will be the next time",
      );
    }
  }
}

const nameOf = ({ keyHash }: Holder): string =>
  JSON.stringify(["idempotent answer", Buffer.from(keyHash).toString("hex")]);

/** A guard over these records. Its close must be called, and before the store's. */
export function createIdempotency(options: IdempotencyOptions): Idempotency {
  return new Guard(options);
}
