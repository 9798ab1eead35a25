import { SlipwayError } from "@slipway/contracts/errors.ts";

const MOST_TAGS = 20;
const TAG = /^(W\/)?"([\x21\x23-\x7e]*)"$/;

/**
 * The entity tags of an `If-Match` header, one of which the thing must have (RFC 9110, 13.1.1); undefined when any will do. Weak tags
 * match nothing, as the comparison there is the strong one. Throws `invalid_request` for what is no list of tags.
 */
export function ifMatch(header: string | undefined): readonly string[] | undefined {
  if (header === undefined || header.trim() === "*") return undefined;
  const parts = header.split(",").map((part) => part.trim());
  const tags = parts.map((part) => TAG.exec(part));
  if (tags.length > MOST_TAGS || tags.some((tag) => tag === null)) {
    throw new SlipwayError("invalid_request", "`If-Match` must be `*`, or entity tags in quotes.", {
      param: "If-Match",
      hint: 'Send the ETag of the last answer as it was, for example If-Match: "5f70bf…".',
    });
  }
  return tags.flatMap((tag) => (tag?.[1] === undefined ? [tag?.[2] ?? ""] : []));
}
