import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { RecordAudit } from "#audit/audit.ts";
import { actorOf } from "#identity/principal.ts";
import { newId } from "#lib/ids.ts";
import type { AnswerFrame, Dialect } from "#router/dialects/dialect.ts";
import { noteError, sendError } from "./edge/errors.ts";
import { inClientsWords } from "./edge/field-names.ts";
import type { KeepAlive } from "./edge/keep-alive.ts";
import { StreamResponse } from "./edge/stream-response.ts";
import { WholeResponse } from "./edge/whole-response.ts";
import type { AnswerKeeping } from "./keeping.ts";
import { createEndpoint, type EndpointCall, type EndpointServices } from "./model-endpoint.ts";
import type { OpenModel } from "./open-model.ts";
import { type CallEnd, ServedCall } from "./served-call.ts";
import type { Handler } from "./server.ts";

/** What the serving of a dialect needs from the rooms. */
export interface DialectServices extends EndpointServices {
  readonly openModel: OpenModel;
  readonly audit: RecordAudit;
  readonly requestTimeoutMs: number;
  readonly keeping: AnswerKeeping;
  /** Absent: silent streams are left alone. */
  readonly keepAlive: KeepAlive | undefined;
}

/** Serves one dialect on the paths of this pattern: identity, admission, body, dialect, model, answer, books. */
export function serveDialect(services: DialectServices, route: string, dialect: Dialect): Handler {
  const { keyParameter, errors } = dialect;
  return createEndpoint(services, { route, keyParameter, requestIdHeader: errors.requestIdHeader }, (call) =>
    serve(services, dialect, call),
  );
}

async function serve(services: DialectServices, dialect: Dialect, call: EndpointCall): Promise<void> {
  const { log, audit } = services;
  const { principal, lease } = call;
  const { req, res, context } = call.exchange;
  const asked = dialect.decode(call.body, req);
  context.model = asked.request.model;
  const { keeping } = asked;
  const resumed = keeping && (await services.keeping.resume(asked, keeping, principal.tenantId));
  const decoded = resumed?.decoded ?? asked;
  const { request } = decoded;
  const now = Date.now();
  const opened = await services.openModel(decoded, {
    principal,
    requestId: context.requestId,
    traceparent: context.traceparent,
    deadline: now + services.requestTimeoutMs,
    headers: req.headers,
    client: res,
  });
  context.routes = opened.routes;
  for (const name in opened.headers) res.setHeader(name, opened.headers[name] ?? "");
  const frame: AnswerFrame = {
    fallbackId: newId(dialect.idPrefix),
    requestId: context.requestId,
    model: request.model,
    created: Math.floor(now / 1000),
    decoded,
  };
  const fail = (error: SlipwayError): void =>
    sendError(res, noteError(inClientsWords(error, dialect.fieldNames), context, log), context);
  const answer = request.stream
    ? new StreamResponse(res, dialect.writer(frame), fail, services.keepAlive)
    : new WholeResponse(res, dialect, frame, fail);
  const sink =
    resumed && keeping?.store ? services.keeping.keep(answer, frame, resumed.added, principal.tenantId) : answer;
  const onEnd = (end: CallEnd): void => {
    context.code = end.error?.code;
    audit({
      tenantId: principal.tenantId,
      actor: actorOf(principal),
      action: "model.call",
      target: request.model,
      outcome: end.outcome,
      code: end.error?.code ?? null,
      requestId: context.requestId,
    });
  };
  const served = new ServedCall(sink, lease, onEnd, opened.free);
  res.once("close", () => served.clientGone());
  const running = opened.start(served, res);
  served.attach(running);
  if (answer instanceof StreamResponse) answer.attach(running);
  // A client that left while the model was being chosen fired its close event before anyone listened.
  if (res.destroyed) served.clientGone();
}
