import type { EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { EmbeddingAnswer } from "@slipway/contracts/model/embedding.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import type { RequestHead } from "./dialect.ts";

/** One way of asking for vectors, as clients know it. Pure: no I/O, no clock. Errors are those of its path. */
export interface EmbeddingDialect {
  /** See `Dialect.keyParameter`. */
  readonly keyParameter?: string;
  /** Throws `invalid_request` or `unsupported_field` naming the field at fault. */
  decode(body: unknown, head: RequestHead): EmbeddingRequest;
  encode(answer: EmbeddingAnswer & { readonly usage: Usage }, request: EmbeddingRequest): unknown;
}
