import type { Principal } from "#identity/principal.ts";
import type { Reservation } from "#limits/declared/reservation.ts";
import { newId } from "#lib/ids.ts";
import { continueTrace } from "#telemetry/trace-context.ts";
import type { HttpReply, HttpRequest } from "./message.ts";

/** What the server knows of one request while it runs. Filled in as the request passes the edge. */
export interface RequestContext {
  readonly requestId: string;
  readonly traceId: string;
  readonly traceparent: string;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  /** The path without its query. */
  readonly path: string;
  /** The route's pattern, for logs and metrics. */
  route: string;
  principal: Principal | undefined;
  model: string | undefined;
  /** The version of the routes that the model's name was resolved by. */
  routes: string | undefined;
  /** The stable code of the error that the client was told. */
  code: string | undefined;
  /** What the request was given of its limits, once it is known what it asks for. */
  reservation: Reservation | undefined;
  /** The whole body, when the edge has read it before the handler. */
  body: string | undefined;
  /** Where the request came from: the client, as far as trusted proxies tell it. */
  readonly clientIp: string | undefined;
  /** What was done is in the audit log, or on its way there. */
  audited: boolean;
}

/** A request, its answer, and what is known of it. */
export interface Exchange {
  readonly req: HttpRequest;
  readonly res: HttpReply;
  readonly context: RequestContext;
}

// An id of the caller's is kept when it is harmless in a header and in a log line; ledger and audit ids are our own always.
const HARMLESS_ID = /^[A-Za-z0-9._:-]{1,128}$/;

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Names the request and joins it to its trace. `clientIp` is the client's address, as the trusted proxies tell it. */
export function beginContext(req: HttpRequest, clientIp: string | undefined): RequestContext {
  const given = single(req.headers["x-request-id"]);
  const trace = continueTrace(single(req.headers["traceparent"]));
  const url = req.url ?? "/";
  const query = url.indexOf("?");
  return {
    requestId: given !== undefined && HARMLESS_ID.test(given) ? given : newId("req"),
    traceId: trace.traceId,
    traceparent: trace.traceparent,
    startedAt: performance.now(),
    path: query === -1 ? url : url.slice(0, query),
    route: "unknown",
    principal: undefined,
    model: undefined,
    routes: undefined,
    code: undefined,
    reservation: undefined,
    body: undefined,
    clientIp,
    audited: false,
  };
}
