import { hash } from "node:crypto";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { CachedTarget } from "./book-hit.ts";

// Grows with every change of the model events or of how they are kept, so that no version reads another one's answers.
const FORMAT = 1;

function inOrder(fields: object): [string, unknown][] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * What an answer is kept under: a hash of the tenant, where the request goes, and everything in it that may change the answer,
 * fields and headers of a family's own included. Only `stream` does not count. The order of fields counts inside of messages and
 * schemas, because a model reads it, and nowhere else. The pepper keeps whoever reads the shared cache from testing guesses.
 */
export function answerKey(pepper: Uint8Array, tenantId: string, target: CachedTarget, request: ModelRequest): string {
  const { stream: _, extra, ...rest } = request;
  const text = JSON.stringify([
    FORMAT,
    tenantId,
    target.provider,
    target.among ? [target.model, target.among] : target.model,
    inOrder(rest),
    extra ? [extra.family, inOrder(extra.fields), ...(extra.headers ?? [])] : null,
  ]);
  return hash("sha256", Buffer.concat([pepper, Buffer.from(text, "utf8")]), "base64url");
}
