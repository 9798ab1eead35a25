import { IncomingMessage } from "node:http";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { HttpRequest } from "../message.ts";
import { WireRequest } from "../wire/request.ts";

function tooLarge(maxBytes: number): SlipwayError {
  return new SlipwayError("body_too_large", `The body is larger than ${maxBytes} bytes.`, {
    hint: "Send less, or raise MAX_BODY_BYTES.",
  });
}

// A client that is told "too large" must be able to read it, and most read only when they have sent everything.
// So what comes after the limit is read and thrown away, up to this many bytes; then the connection is cut.
const MOST_DISCARDED = 64 * 1024 * 1024;

/**
 * The whole body as text, read once.
 * @throws body_too_large past `maxBytes`; client_closed_request when the client leaves before its end; request_timeout when
 * the client is too slow.
 */
export function readBody(req: HttpRequest, maxBytes: number): string | Promise<string> {
  // A request of the hot routes has a length within the bound.
  if (req instanceof WireRequest) return req.body();
  if (req instanceof IncomingMessage) return readMessage(req, maxBytes);
  throw new TypeError("The request is of an unknown kind.");
}

function readMessage(req: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        if (size > maxBytes + MOST_DISCARDED) {
          reject(tooLarge(maxBytes));
          req.destroy();
        }
      }
    });
    // `close` comes after every request: an error is made only when one is needed, because making one costs microseconds.
    let over = false;
    const left = (): void => {
      if (over) return;
      over = true;
      reject(new SlipwayError("client_closed_request", "The client left before its request was whole."));
    };
    req.on("end", () => {
      over = true;
      if (size > maxBytes) reject(tooLarge(maxBytes));
      else
        resolve(chunks.length === 1 && chunks[0] ? chunks[0].toString("utf8") : Buffer.concat(chunks).toString("utf8"));
    });
    req.on("error", left);
    req.on("close", left);
    // One that has left already is told by none of these.
    if (req.destroyed) left();
  });
}

/** The text as JSON, or `invalid_json` that says where it stopped making sense. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message.replace(/^Unexpected/, "unexpected").slice(0, 200) : "malformed";
    throw new SlipwayError("invalid_json", "The body is not valid JSON.", { hint: `Parser: ${reason}.` });
  }
}
