import { readFile } from "node:fs/promises";
import { SlipwayError } from "@slipway/contracts/errors.ts";

/** The text of a spec. Throws `usage` when it cannot be read. */
export async function readSpecFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SlipwayError("usage", `${path} cannot be read.`, {
      hint: "--spec says which file it is; `slipway init` writes one.",
      cause: error,
    });
  }
}
