import { createHash } from "node:crypto";
import { canonicalJson, type CanonicalValue } from "@slipway/contracts/audit/canonical-json.ts";
import { isMap } from "#spec/merge.ts";

/** SHA-256 of a text's UTF-8 bytes, or of the canonical JSON (RFC 8785) of any other value, in hexadecimal. */
export function hashOf(value: unknown): string {
  const text = typeof value === "string" ? value : canonicalJson(canonical(value));
  return createHash("sha256").update(text).digest("hex");
}

/** JSON in the form that has one spelling: numbers that are not whole are spelled out, and texts that are no Unicode made so. */
function canonical(value: unknown): CanonicalValue {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : { number: String(value) };
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(canonical);
  if (isMap(value))
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([name, inner]) => [name.toWellFormed(), canonical(inner)]),
    );
  return typeof value === "boolean" ? value : null;
}
