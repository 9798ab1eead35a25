import { join } from "node:path";

/** The folder of this checkout. */
const ROOT = join(import.meta.dirname, "../../..");

/** An absolute path inside the checkout. */
export function inCheckout(...parts: readonly string[]): string {
  return join(ROOT, ...parts);
}
