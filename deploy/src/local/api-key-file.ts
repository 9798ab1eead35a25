import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
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
  try {
    await writeFile(path, `${formatApiKey(randomBytes(API_KEY_RANDOM_BYTES))}\n`, { flag: "wx", mode: 0o600 });
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw unusable(path, thrown);
  }
  const key = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw unusable(path, thrown);
  });
  if (isApiKey(key.trim())) return key.trim();
  throw new SlipwayError("home_unusable", `${path} does not hold an API key (it is incomplete, or was changed).`, {
    hint: "Remove the file, and the next start makes a new key. The data stays.",
  });
}

function unusable(path: string, cause: unknown): SlipwayError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new SlipwayError("home_unusable", `The API key cannot be kept in ${path}: ${message}`, {
    hint: "Make the folder writable, choose another one (./slipway up --home DIR), or set API_KEY.",
    cause,
  });
}
