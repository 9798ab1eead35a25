/** Every stable error code of the product with its HTTP status. A code is never renamed or given another meaning. */
export const ERROR_STATUS = {
  invalid_json: 400,
  invalid_request: 400,
  unsupported_field: 400,
  unauthenticated: 401,
  forbidden: 403,
  price_unknown: 403,
  https_required: 403,
  csrf_token_wrong: 403,
  not_found: 404,
  model_not_found: 404,
  agent_not_found: 404,
  thread_not_found: 404,
  route_not_found: 404,
  limit_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  last_owner: 409,
  idempotency_key_in_use: 409,
  idempotent_answer_not_kept: 410,
  precondition_failed: 412,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  rate_limited: 429,
  tokens_limited: 429,
  budget_exceeded: 429,
  concurrency_exceeded: 429,
  client_closed_request: 499,
  internal: 500,
  agent_failed: 500,
  agent_step_limit: 500,
  decryption_failed: 500,
  key_unusable: 500,
  migration_failed: 500,
  egress_refused: 403,
  egress_busy: 503,
  egress_failed: 502,
  egress_timeout: 504,
  egress_too_large: 502,
  secret_unavailable: 503,
  provider_error: 502,
  provider_rejected: 400,
  provider_key_rejected: 400,
  provider_key_rate_limited: 429,
  provider_auth: 502,
  provider_rate_limited: 429,
  provider_stream_broken: 502,
  provider_answer_unusable: 502,
  draining: 503,
  overloaded: 503,
  limits_unavailable: 503,
  agent_broken: 503,
  audit_unavailable: 503,
  database_unavailable: 503,
  database_unsafe: 503,
  provider_not_configured: 503,
  provider_unavailable: 503,
  issuer_unavailable: 503,
  not_cached: 504,
  provider_timeout: 504,
  agent_timeout: 504,
  // Of a start that ends with an exit code; its status is never sent.
  config_invalid: 500,
  // Of the slipway command, which answers with an exit code; their status is never sent.
  usage: 400,
  spec_incomplete: 400,
  check_failed: 400,
  plan_stale: 409,
  platform_unavailable: 502,
  port_taken: 409,
  home_unusable: 500,
  console_not_built: 500,
  server_not_started: 500,
} as const;

/** A stable code, safe to match on in client code. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** What an error may carry besides its code and sentence. */
export interface ErrorOptions {
  /** What the reader should do next, one sentence. */
  readonly hint?: string;
  /** The request field at fault, as a dotted path. */
  readonly param?: string;
  /** When to try again, in whole seconds. */
  readonly retryAfter?: number;
  /** Overrides the code's default status, for example to hand on a provider's own 4xx. */
  readonly status?: number;
  readonly cause?: unknown;
}

/**
 * The one error class of the product. Its message is written for the person who reads it and never holds a secret;
 * each wire shape is made from it in one place.
 */
export class SlipwayError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly hint: string | undefined;
  readonly param: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SlipwayError";
    this.code = code;
    this.status = options.status ?? ERROR_STATUS[code];
    this.hint = options.hint;
    this.param = options.param;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * Any thrown value as a SlipwayError; an unknown one becomes `internal` with its cause kept for the log, never for the client.
 */
export function toSlipwayError(thrown: unknown): SlipwayError {
  if (thrown instanceof SlipwayError) return thrown;
  return new SlipwayError("internal", "The server failed while answering this request.", {
    hint: "Try again; if it fails again, report the request id.",
    cause: thrown,
  });
}
