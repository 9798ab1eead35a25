import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { failed, tooLarge } from "./errors.ts";

const decoders = {
  gzip: promisify(gunzip),
  "x-gzip": promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** Codings that the client understands, as `Accept-Encoding` names them. */
export const ACCEPTED_CODINGS = "gzip, br";

/** The body without its content coding. Throws `egress_too_large` beyond `maxBytes`, `egress_failed` when it is broken or coded otherwise. */
export async function decodeBody(
  host: string,
  coding: string | undefined,
  body: Buffer,
  maxBytes: number,
): Promise<Buffer> {
  const name = coding?.trim().toLowerCase() ?? "";
  if (name === "" || name === "identity" || body.length === 0) return body;
  // One coding only: a list of them is a way to make a small body large many times over.
  const decode = Object.hasOwn(decoders, name) ? decoders[name as keyof typeof decoders] : undefined;
  if (!decode) throw failed(host, Object.assign(new Error("unknown content coding"), { code: "CONTENT_CODING" }));
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
    throw code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(host, maxBytes) : failed(host, error);
  }
}
