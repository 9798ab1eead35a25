import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import type { RecordAudit } from "#audit/audit.ts";
import type { Authenticate } from "#identity/authenticate.ts";
import { actorOf, type Principal } from "#identity/principal.ts";
import { newId } from "#lib/ids.ts";
import type { Lease } from "#limits/limiter.ts";
import type { AnswerFrame, DecodedRequest, Dialect } from "#router/dialects/dialect.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Exchange } from "../../../context.ts";
import type { Admit } from "../../../edge/admission.ts";
import { parseJson, readBody } from "../../../edge/body.ts";
import { noteError, sendError } from "../../../edge/errors.ts";
import { assertSameOrigin } from "../../../edge/same-origin.ts";
import { StreamResponse } from "../../../edge/stream-response.ts";
import { WholeResponse } from "../../../edge/whole-response.ts";
import type { OpenModel } from "../../../open-model.ts";
import { type CallEnd, ServedCall } from "../../../served-call.ts";

/** What the route needs from the rooms. */
export interface ChatCompletionsOptions {
  readonly dialect: Dialect;
  readonly authenticate: Authenticate;
  readonly admit: Admit;
  readonly openModel: OpenModel;
  readonly audit: RecordAudit;
  readonly log: Logger;
  readonly maxBodyBytes: number;
  readonly requestTimeoutMs: number;
}

/** Serves `POST /v1/chat/completions`: identity, admission, body, dialect, model, answer, books. */
export function createChatCompletions(options: ChatCompletionsOptions): (exchange: Exchange) => Promise<void> {
  const { authenticate, admit, dialect, log } = options;
  return async (exchange) => {
    const { req, context } = exchange;
    let lease: Lease | undefined;
    let served = false;
    try {
      const principal = authenticate(req.headers);
      context.principal = principal;
      if (principal.via === "session") assertSameOrigin(req);
      lease = admit(principal);
      const decoded = dialect.decode(parseJson(await readBody(req, options.maxBodyBytes)));
      context.model = decoded.request.model;
      await serve(exchange, options, principal, lease, decoded);
      served = true;
    } catch (thrown) {
      sendError(exchange.res, noteError(thrown, context, log), context);
    } finally {
      if (!served) lease?.settle(NO_USAGE);
    }
  };
}

async function serve(
  { res, context }: Exchange,
  options: ChatCompletionsOptions,
  principal: Principal,
  lease: Lease,
  decoded: DecodedRequest,
): Promise<void> {
  const { dialect, log, audit } = options;
  const { request } = decoded;
  const opened = await options.openModel(decoded, {
    principal,
    requestId: context.requestId,
    traceparent: context.traceparent,
    deadline: Date.now() + options.requestTimeoutMs,
  });
  for (const name in opened.headers) res.setHeader(name, opened.headers[name] ?? "");
  const frame: AnswerFrame = {
    fallbackId: newId("chatcmpl"),
    model: request.model,
    created: Math.floor(Date.now() / 1000),
  };
  const fail = (error: unknown): void => sendError(res, noteError(error, context, log), context);
  const answer = request.stream
    ? new StreamResponse(res, dialect.writer(frame, { streamUsage: decoded.streamUsage }), fail)
    : new WholeResponse(res, dialect, frame, fail);
  const served = new ServedCall(answer, lease, (end: CallEnd) => {
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
  });
  res.once("close", () => served.clientGone());
  const call = opened.start(served);
  served.attach(call);
  if (answer instanceof StreamResponse) answer.attach(call);
  // A client that left while the model was being chosen fired its close event before anyone listened.
  if (res.destroyed) served.clientGone();
}
