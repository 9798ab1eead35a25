import { randomBytes } from "node:crypto";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";

const CONTENT = /^[0-9a-f]{64}\n?$/;

/**
 * The 32 bytes in a key file (64 hex digits), which is made when it is not there: readable by its owner only, complete
 * before it has its name, flushed to the disk with its folder. Two processes that make it at once end with the same key.
 * Throws `key_unusable` when others may read the file, when it holds something else, or when it is out of reach.
 */
export async function keyFromFile(path: string): Promise<{ readonly secret: Uint8Array; readonly created: boolean }> {
  try {
    const found = await read(path);
    if (found) return { secret: found, created: false };
    const created = await make(path);
    const secret = await read(path);
    if (secret) return { secret, created };
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw unusable(path, `could not be read or made (${codeOf(error)})`, "Check the folder and who owns it.", error);
  }
  throw unusable(path, "vanished while it was being made", "Start again.");
}

async function read(path: string): Promise<Uint8Array | undefined> {
  let file;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    // Asked of the open file, not of the path, so that what was checked is what is read.
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) throw unusable(path, "can be read by other users", `Run: chmod 600 ${path}`);
    const text = await file.readFile("utf8");
    if (!CONTENT.test(text)) {
      throw unusable(
        path,
        "does not hold 64 hex digits",
        "Put back the file from a backup; without it, encrypted data is lost.",
      );
    }
    return Buffer.from(text.trim(), "hex");
  } finally {
    await file.close();
  }
}

/** True when this call made the file, false when another process was first. */
async function make(path: string): Promise<boolean> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString("hex")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link fails where the name is taken, as O_EXCL does, but shows the file only when it is whole.
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(folder);
  return true;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}

function unusable(path: string, what: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError("key_unusable", `The key file ${path} ${what}.`, { hint, cause });
}
