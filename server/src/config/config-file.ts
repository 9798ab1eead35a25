import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ReadYaml } from "@slipway/contracts/spec/read-yaml.ts";

/** Where the file is, and whether a server may start without it. */
export interface ConfigFileSettings {
  readonly path: string;
  readonly required: boolean;
  /** Its text, where no file can be put beside the process (tasks of ECS, functions); it is never read again. */
  readonly text?: string | undefined;
}

/** The file as it is now. */
export interface ConfigFile {
  readonly read: ReadYaml;
  /** The first 8 hex digits of its SHA-256. */
  readonly version: string;
  /** There is nothing in it, not even a comment. */
  readonly empty: boolean;
}

/**
 * Reads the file anew, as {@link readConfigFile} does. Throws `config_invalid` besides when there is nothing in it: who saves a file
 * empties it first, and when that was all, because the disk is full, it says of no limit that it should end.
 */
export async function readConfigFileAgain(settings: ConfigFileSettings): Promise<ConfigFile | undefined> {
  const found = await readConfigFile(settings);
  if (found?.empty !== true) return found;
  throw new SlipwayError("config_invalid", `${basename(settings.path)} is empty.`, {
    hint: "Write `routes: []` into it when nothing of it should hold any longer.",
  });
}

/**
 * Reads and checks the file; undefined when there is none and none is required.
 * Throws `config_invalid` when it is wrong, unreadable, or missing where it is required.
 */
export async function readConfigFile(settings: ConfigFileSettings): Promise<ConfigFile | undefined> {
  const name = settings.text === undefined ? basename(settings.path) : "SLIPWAY_CONFIG_TEXT";
  let text: string;
  try {
    text = settings.text ?? (await readFile(settings.path, "utf8"));
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (missing && !settings.required) return undefined;
    throw new SlipwayError("config_invalid", `${name} cannot be read${missing ? ": there is no such file" : ""}.`, {
      hint: "SLIPWAY_CONFIG says where it is.",
      cause: error,
    });
  }
  // Loaded when there is something to parse: most servers start without.
  const { readSlipwayYaml } = await import("@slipway/contracts/spec/read-yaml.ts");
  return { read: readSlipwayYaml(text, name), version: hash("sha256", text).slice(0, 8), empty: text.trim() === "" };
}
