import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { RequestHead } from "./dialect.ts";

/** One way of asking how many tokens a prompt has. Pure: no I/O, no clock. Errors are those of its path. */
export interface CountDialect {
  /** See `Dialect.keyParameter`. */
  readonly keyParameter?: string;
  /** See `ErrorShape.requestIdHeader`. */
  readonly requestIdHeader?: string;
  /** Throws `invalid_request` or `unsupported_field` naming the field at fault. */
  decode(body: unknown, head: RequestHead): ModelRequest;
  encode(tokens: number): unknown;
}
