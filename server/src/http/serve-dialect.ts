import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEventSink } from "@slipway/contracts/model/event.ts";
import { AnswerFold } from "@slipway/contracts/model/fold.ts";
import type { AuditContent, AuditEvent, LevelOf, RecordAudit } from "#audit/audit.ts";
import type { CommitWaiter } from "#audit/commit-queue.ts";
import { actorOf, type Principal } from "#identity/principal.ts";
import { newId } from "#lib/ids.ts";
import type { Spend } from "#router/booking.ts";
import type { AnswerFrame, DecodedRequest, Dialect } from "#router/dialects/dialect.ts";
import type { RequestContext } from "./context.ts";
import { contentAt, FoldedSink } from "./edge/audit-content.ts";
import { noteError, sendError } from "./edge/errors.ts";
import { inClientsWords } from "./edge/field-names.ts";
import type { KeepAlive } from "./edge/keep-alive.ts";
import { StreamResponse } from "./edge/stream-response.ts";
import { WholeResponse } from "./edge/whole-response.ts";
import type { AnswerKeeping } from "./keeping.ts";
import { createEndpoint, idsOfModelPath, type EndpointCall, type EndpointServices } from "./model-endpoint.ts";
import type { OpenedModel, OpenModel } from "./open-model.ts";
import { type CallEnd, ServedCall } from "./served-call.ts";
import type { Handler } from "./server.ts";

/** What the serving of a dialect needs from the rooms. */
export interface DialectServices extends EndpointServices {
  readonly openModel: OpenModel;
  readonly audit: RecordAudit;
  readonly auditLevel: LevelOf;
  readonly requestTimeoutMs: number;
  readonly keeping: AnswerKeeping;
  /** Absent: silent streams are left alone. */
  readonly keepAlive: KeepAlive | undefined;
}

/** Serves one dialect on the paths of this pattern: identity, admission, body, dialect, model, answer, books. */
export function serveDialect(services: DialectServices, route: string, dialect: Dialect): Handler {
  const { keyParameter, errors, bodyIds = {} } = dialect;
  const { requestIdHeader } = errors;
  const declared = { requires: "models:invoke", ids: idsOfModelPath(route), bodyIds } as const;
  return createEndpoint(services, { route, ...declared, keyParameter, requestIdHeader }, (call) =>
    serve(services, dialect, call),
  );
}

/** A promise only where something has to be waited for: what is kept of a conversation, a cached answer, an agent. */
function serve(services: DialectServices, dialect: Dialect, call: EndpointCall): Promise<void> | void {
  const { exchange, principal } = call;
  const asked = dialect.decode(call.body, exchange.req);
  exchange.context.model = asked.request.model;
  const { keeping } = asked;
  if (keeping) {
    return services.keeping.resume(asked, keeping, principal.tenantId).then(({ decoded, added }) => {
      const { tenantId } = principal;
      const keep = keeping.store
        ? (answer: ModelEventSink, frame: AnswerFrame) => services.keeping.keep(answer, frame, added, tenantId)
        : undefined;
      return open(services, dialect, call, decoded, keep);
    });
  }
  return open(services, dialect, call, asked, undefined);
}

type Keep = (answer: ModelEventSink, frame: AnswerFrame) => ModelEventSink;

function open(
  services: DialectServices,
  dialect: Dialect,
  call: EndpointCall,
  decoded: DecodedRequest,
  keep: Keep | undefined,
): Promise<void> | void {
  const { principal, exchange } = call;
  const { req, res, context } = exchange;
  const now = Date.now();
  const spend: Spend = { pico: 0 };
  const opened = services.openModel(decoded, {
    principal,
    requestId: context.requestId,
    traceparent: context.traceparent,
    deadline: now + services.requestTimeoutMs,
    headers: req.headers,
    client: res,
    exchange: call.exchange,
    spend,
  });
  const frame = new Frame(dialect, decoded, context.requestId, now, spend);
  if (opened instanceof Promise) return opened.then((found) => answer(services, dialect, call, frame, found, keep));
  answer(services, dialect, call, frame, opened, keep);
}

/** What every answer of a dialect is framed by; its own id is made only where the model gives none. */
class Frame implements AnswerFrame {
  readonly requestId: string;
  readonly model: string;
  readonly created: number;
  readonly decoded: DecodedRequest;
  /** What the answer costs. */
  readonly spend: Spend;
  readonly #idPrefix: string;
  #id: string | undefined;

  constructor(dialect: Dialect, decoded: DecodedRequest, requestId: string, now: number, spend: Spend) {
    this.requestId = requestId;
    this.model = decoded.request.model;
    this.created = Math.floor(now / 1000);
    this.decoded = decoded;
    this.spend = spend;
    this.#idPrefix = dialect.idPrefix;
  }

  get fallbackId(): string {
    return (this.#id ??= newId(this.#idPrefix));
  }
}

function answer(
  services: DialectServices,
  dialect: Dialect,
  call: EndpointCall,
  frame: Frame,
  opened: OpenedModel,
  keep: Keep | undefined,
): void {
  const { log } = services;
  const { principal, lease } = call;
  const { res, context } = call.exchange;
  context.routes = opened.routes;
  for (const name in opened.headers) res.setHeader(name, opened.headers[name] ?? "");
  const fail = (error: SlipwayError): void =>
    sendError(res, noteError(inClientsWords(error, dialect.fieldNames), context, log), context);
  const response = frame.decoded.request.stream
    ? new StreamResponse(res, dialect.writer(frame), fail, services.keepAlive)
    : new WholeResponse(res, dialect, frame, fail);
  const sink = keep ? keep(response, frame) : response;
  const level = services.auditLevel(principal.tenantId, context.route);
  const fold = level === "full" ? new AnswerFold() : undefined;
  const onEnd = (end: CallEnd, waiter?: CommitWaiter): boolean => {
    context.code = end.error?.code;
    context.audited = true;
    const content = contentAt(level, call.body, fold);
    return services.audit(modelCallEvent(principal, context, frame, end, content), waiter);
  };
  const served = new ServedCall(fold ? new FoldedSink(sink, fold) : sink, lease, onEnd, {
    free: opened.free,
    reservation: context.reservation,
    context,
  });
  res.once("close", () => served.clientGone());
  const running = opened.start(served, res);
  served.attach(running);
  if (response instanceof StreamResponse) response.attach(running);
  // A client that left while the model was being chosen fired its close event before anyone listened.
  if (res.destroyed) served.clientGone();
}

function modelCallEvent(
  principal: Principal,
  context: RequestContext,
  { model, spend }: Frame,
  { outcome, error }: CallEnd,
  content: AuditContent | undefined,
): AuditEvent {
  return {
    tenantId: principal.tenantId,
    actor: actorOf(principal),
    action: "model.call",
    target: model,
    outcome,
    code: error?.code ?? null,
    requestId: context.requestId,
    route: context.route,
    cost: spend.pico,
    clientIp: context.clientIp,
    content,
  };
}
