import type { WireFamily } from "@slipway/contracts/model/request.ts";
import { packSignature, type Signed, unpackSignature } from "../signature.ts";

// How base64 of a packed signature begins, whatever follows it.
const PACKED = "c2xpcHdheT";

/**
 * A signature as `thoughtSignature`, which clients keep and hand back as bytes in base64. Google's is that already; one of
 * another vendor goes in wrapped with its name, so that a conversation with thoughts can go on there too.
 */
export function encodeSignature(signature: string, signedBy: WireFamily | undefined): string {
  const packed = packSignature(signature, signedBy, "google");
  return packed === signature ? signature : Buffer.from(packed, "utf8").toString("base64");
}

/** The signature that was wrapped, or Google's own. */
export function decodeSignature(text: string): Signed {
  return unpackSignature(text.startsWith(PACKED) ? Buffer.from(text, "base64").toString("utf8") : text, "google");
}
