import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EgressClient, EgressRequest } from "./egress.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** As much of `fetch` as libraries use that take one of their caller's. */
export type FetchLike = (
  url: string | URL,
  init?: {
    readonly method?: string;
    readonly headers?: Headers | Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly redirect?: string;
    readonly signal?: AbortSignal | null;
  },
) => Promise<Response>;

function bodyOf(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError("the body must be text, bytes or URLSearchParams");
}

/**
 * The client as a `fetch`, for libraries that take one (`jose`, `openid-client`). Rejects with the client's errors, not with TypeError.
 */
export function asFetch(client: EgressClient): FetchLike {
  return async (url, init = {}) => {
    const name = init.method?.toUpperCase() ?? "GET";
    const method = METHODS.find((known) => known === name);
    if (method === undefined) throw new SlipwayError("egress_refused", "The method is not one of the known ones.");
    const headers = init.headers instanceof Headers ? Object.fromEntries(init.headers) : (init.headers ?? {});
    const body = bodyOf(init.body);
    const form = init.body instanceof URLSearchParams && !("content-type" in headers);
    const request: EgressRequest = {
      method,
      headers: form ? { ...headers, "content-type": "application/x-www-form-urlencoded;charset=UTF-8" } : headers,
      ...(body === undefined ? {} : { body }),
      ...(init.signal ? { signal: init.signal } : {}),
      ...(init.redirect === undefined || init.redirect === "follow" ? {} : { limits: { redirects: 0 } }),
    };
    const answer = await client.request(url, request);
    if (init.redirect === "error" && answer.status >= 300 && answer.status < 400) {
      throw new SlipwayError("egress_refused", "The outgoing request was answered with a redirect.");
    }
    const empty = answer.status === 204 || answer.status === 205 || answer.status === 304;
    const headersSent = new Headers(answer.headers);
    // The body is handed over without its coding.
    headersSent.delete("content-encoding");
    headersSent.delete("content-length");
    return new Response(empty ? null : new Uint8Array(answer.body), { status: answer.status, headers: headersSent });
  };
}
