import type { WireFamily } from "@slipway/contracts/model/request.ts";

/** A signature and whose it is. */
export interface Signed {
  readonly signature: string;
  readonly signedBy: WireFamily;
}

const MARK = "slipway:";
const FAMILIES: readonly WireFamily[] = ["openai", "anthropic", "google"];

/** The signature as a client of another family's dialect keeps it: with the signer's name, because its place has room for one text only. */
export function packSignature(signature: string, signedBy: WireFamily | undefined, own: WireFamily): string {
  return signedBy === undefined || signedBy === own ? signature : `${MARK}${signedBy}:${signature}`;
}

/** What {@link packSignature} was given; a signature without a mark is the dialect's own family's. */
export function unpackSignature(text: string, own: WireFamily): Signed {
  for (const family of FAMILIES) {
    const head = `${MARK}${family}:`;
    if (text.startsWith(head)) return { signature: text.slice(head.length), signedBy: family };
  }
  return { signature: text, signedBy: own };
}

const CALL_MARK = "slipway-call:";

/**
 * The signature of a tool call, for a dialect whose calls have no place for one: it stands in a piece of sealed reasoning right
 * before the call, which clients hand back as they got it.
 */
export function packCallSignature(signature: string, signedBy: WireFamily): string {
  return `${CALL_MARK}${signedBy}:${signature}`;
}

/** What {@link packCallSignature} was given; undefined for any other text. */
export function unpackCallSignature(text: string): Signed | undefined {
  if (!text.startsWith(CALL_MARK)) return undefined;
  const rest = text.slice(CALL_MARK.length);
  const family = FAMILIES.find((name) => rest.startsWith(`${name}:`));
  return family && { signature: rest.slice(family.length + 1), signedBy: family };
}
