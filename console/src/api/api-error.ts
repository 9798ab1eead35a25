/** What a failed request tells the person who reads it. */
export interface ApiErrorFields {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The server's stable code, or one of the console's own: `unreachable`, `stream_broken`, `answer_too_long`, `unreadable_answer`. */
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The field of the request that is at fault, as a dotted path. */
  readonly param?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Any failure of a request to the server, in one shape for every page. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  readonly param: string | undefined;
  readonly requestId: string | undefined;

  constructor(fields: ApiErrorFields, cause?: unknown) {
    super(fields.message, cause === undefined ? undefined : { cause });
    this.name = "ApiError";
    this.status = fields.status;
    this.code = fields.code;
    this.hint = fields.hint;
    this.param = fields.param;
    this.requestId = fields.requestId;
  }
}

/** True when the session is missing or over, so that only signing in again helps. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** The error of a request that got no answer: the server is down, or the network is. */
export function unreachable(cause: unknown): ApiError {
  return new ApiError(
    {
      status: 0,
      code: "unreachable",
      message: "The server cannot be reached.",
      hint: "Check that it is running and that this machine is online.",
    },
    cause,
  );
}

/** Any thrown value as an ApiError, so that a page always has a sentence to show. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  return new ApiError(
    { status: 0, code: "console_failed", message: "The console failed while doing this.", hint: "Reload the page." },
    thrown,
  );
}

/** Reads the error of an answer that is not 2xx. Never throws. */
export async function errorOfResponse(response: Response): Promise<ApiError> {
  const body = await response.text().catch(() => "");
  const requestId = response.headers.get("x-request-id") ?? undefined;
  return errorOfBody(response.status, parseJson(body), requestId);
}

/**
 * Reads an error body in either shape that the server speaks: RFC 9457 problem details
 * (https://www.rfc-editor.org/rfc/rfc9457) on the REST API, `{"error": {...}}` on the OpenAI paths and inside their streams.
 */
export function errorOfBody(status: number, body: unknown, requestId?: string): ApiError {
  const outer = record(body);
  const inner = record(outer?.["error"]) ?? outer;
  return new ApiError({
    status,
    code: text(inner?.["code"]) ?? text(inner?.["type"]) ?? `http_${status}`,
    message: text(inner?.["detail"]) ?? text(inner?.["message"]) ?? `The server answered ${status} and gave no reason.`,
    hint: text(inner?.["hint"]),
    param: text(inner?.["param"]),
    requestId: text(inner?.["requestId"]) ?? text(inner?.["request_id"]) ?? requestId,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
