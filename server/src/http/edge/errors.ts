import type { ServerResponse } from "node:http";
import type { Problem } from "@slipway/contracts/api/problem.ts";
import { type SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { encodeError } from "#router/dialects/openai-chat/encode.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { RequestContext } from "../context.ts";

/** An error as the client of this path knows errors. */
export interface ErrorAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: number | undefined;
  readonly body: string;
}

function problem(error: SlipwayError, requestId: string): Problem {
  return {
    type: `urn:slipway:error:${error.code}`,
    title: error.code.replaceAll("_", " "),
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.param === undefined ? {} : { param: error.param }),
    requestId,
  };
}

/** The one mapping of errors to wire shapes: OpenAI's on the paths of its API, RFC 9457 problems everywhere else. */
export function errorAnswer(error: SlipwayError, path: string, requestId: string): ErrorAnswer {
  const openai = path.startsWith("/v1/");
  return {
    status: error.status,
    contentType: openai ? "application/json" : "application/problem+json",
    retryAfter: error.retryAfter,
    body: JSON.stringify(openai ? encodeError(error) : problem(error, requestId)),
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
export function sendError(res: ServerResponse, error: SlipwayError, context: RequestContext): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const answer = errorAnswer(error, context.path, context.requestId);
  res.statusCode = answer.status;
  res.setHeader("content-type", answer.contentType);
  res.setHeader("content-length", Buffer.byteLength(answer.body));
  if (answer.retryAfter !== undefined) res.setHeader("retry-after", answer.retryAfter);
  res.end(answer.body);
}
