import { type SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { RequestContext } from "../context.ts";
import type { HttpReply } from "../message.ts";
import { errorShapeOf } from "../error-shapes.ts";

/** An error as the client of this path knows errors. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The one mapping of errors to wire shapes: the vendor's on the paths of its API, RFC 9457 problems everywhere else. */
export function errorAnswer(error: SlipwayError, path: string, requestId: string): ErrorAnswer {
  const shape = errorShapeOf(path);
  const headers: Record<string, string> = { "content-type": shape.contentType };
  if (error.retryAfter !== undefined) headers["retry-after"] = String(error.retryAfter);
  if (shape.requestIdHeader !== undefined) headers[shape.requestIdHeader] = requestId;
  return {
    status: shape.status?.(error) ?? error.status,
    headers,
    body: JSON.stringify(shape.encode(error, requestId)),
  };
}

/** Any thrown value as an error for this request: notes its code for the access line, and logs what nobody foresaw. */
export function noteError(thrown: unknown, context: RequestContext, log: Logger): SlipwayError {
  const error = toSlipwayError(thrown);
  context.code = error.code;
  if (error.code === "internal") {
    const cause = describeError(error.cause ?? error);
    log.error(
      { requestId: context.requestId, traceId: context.traceId, route: context.route, error: cause },
      "a request failed in a way that was not foreseen",
    );
  }
  return error;
}

/** Answers with the error when nothing has been sent yet; otherwise the connection is cut, so that the client sees a broken answer and not a whole one. */
export function sendError(res: HttpReply, error: SlipwayError, context: RequestContext): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const answer = errorAnswer(error, context.path, context.requestId);
  res.statusCode = answer.status;
  for (const name in answer.headers) res.setHeader(name, answer.headers[name] ?? "");
  res.setHeader("content-length", Buffer.byteLength(answer.body));
  res.end(answer.body);
}
