import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { API_KEY_RANDOM_BYTES, formatApiKey, isApiKey } from "@slipway/contracts/api-key.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";

/** Where the key of a home is kept. */
export function apiKeyPath(home: string): string {
  return join(home, "api-key");
}

/**
 * The API key of a home, minted at the first call and readable by its owner only. Two calls at once get the same key.
 *
 * @throws SlipwayError `home_unusable` when the file cannot be read or holds something else.
 */
export async function apiKeyOf(home: string): Promise<string> {
  const path = apiKeyPath(home);
  if (!existsSync(path)) await mint(path);
  const key = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw unusable(path, thrown);
  });
  if (isApiKey(key.trim())) return key.trim();
  throw new SlipwayError("home_unusable", `${path} does not hold an API key (it is incomplete, or was changed).`, {
    hint: "Remove the file, and the next start makes a new key. The data stays.",
  });
}

/** Puts a new key in place, whole or not at all, unless another start was faster. */
async function mint(path: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, `${formatApiKey(randomBytes(API_KEY_RANDOM_BYTES))}\n`, { flag: "wx", mode: 0o600 });
    // A link, other than a rename, never takes the place of what is there.
    await link(draft, path);
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw unusable(path, thrown);
  } finally {
    await rm(draft, { force: true });
  }
}

function unusable(path: string, cause: unknown): SlipwayError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SlipwayError("home_unusable", `The API key cannot be kept in ${path}: ${message}`, {
    hint: "Make the folder writable, choose another one (./slipway up --home DIR), or set API_KEY.",
    cause,
  });
}
