import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";

/**
 * Makes the folder for data and keys, readable by its owner only, and makes sure that it can be written.
 * A folder that is there keeps its rights.
 *
 * @throws SlipwayError `home_unusable`
 */
export async function prepareHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    // Only a write tells for certain: rights are not all that can forbid one.
    await rmdir(await mkdtemp(join(home, ".probe-")));
  } catch (cause) {
    throw new SlipwayError("home_unusable", `The folder for data and keys cannot be used: ${reason(home, cause)}`, {
      hint: "Choose another one: ./slipway up --home DIR",
      cause,
    });
  }
}

function reason(home: string, thrown: unknown): string {
  const code: unknown = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  switch (code) {
    case "EEXIST":
    case "ENOTDIR":
      return `${home} or a part of it is a file.`;
    case "EACCES":
    case "EPERM":
      return `${home} may not be written by this user.`;
    case "EROFS":
      return `${home} is on a file system that is read-only.`;
    case "ENOSPC":
      return `the disk that holds ${home} is full.`;
    default:
      return `${home}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}
