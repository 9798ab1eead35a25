import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EncodedRequest } from "../codec.ts";
import type { Upstream } from "./settings.ts";

const PATH = /^\/[\x21-\x7e]*$/;
// What is not ASCII, or ends a line, would be another header or another request to the upstream.
const LINES = /^(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e]*\r\n)*$/;

function unwritable(upstream: Upstream, what: string): SlipwayError {
  return new SlipwayError("provider_error", `The ${what} for the provider ${upstream.name} cannot be sent.`, {
    hint: "Look for line breaks or letters outside of ASCII in its key and its settings.",
  });
}

function linesOf(upstream: Upstream, headers: readonly string[]): string {
  let lines = "";
  for (let at = 0; at + 1 < headers.length; at += 2) lines += `${headers[at]}: ${headers[at + 1]}\r\n`;
  if (!LINES.test(lines)) throw unwritable(upstream, "headers");
  return lines;
}

// A codec uses the same array for all requests of a kind, so it is written out and checked once.
const written = new WeakMap<readonly string[], string>();

/** The request line and the headers as they are written to the wire. `traceparent` may be empty. */
export function requestHead(upstream: Upstream, request: EncodedRequest, traceparent: string): string {
  let lines = written.get(request.headers);
  if (lines === undefined) {
    lines = linesOf(upstream, request.headers);
    written.set(request.headers, lines);
  }
  const path = upstream.basePath + request.path;
  if (!PATH.test(path)) throw unwritable(upstream, "path");
  const first = `${request.method} ${path} HTTP/1.1\r\n`;
  return traceparent === "" ? first + lines : `${first}${lines}traceparent: ${traceparent}\r\n`;
}
