import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { inCheckout } from "#lib/checkout.ts";

/** Compares with a file of the checkout; `UPDATE_GOLDEN=1` writes it instead, for a person to read the difference. */
export async function assertKept(path: string, text: string): Promise<void> {
  const file = inCheckout(path);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return;
  }
  const kept = await readFile(file, "utf8").catch(() => "");
  assert.equal(text, kept, `${path} is not what is made now: UPDATE_GOLDEN=1 writes it`);
}
