import { open, readdir, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { isCandidate, type InputFile } from "#check/sources/read-file.ts";

/** What is read at most; reaching a bound is told. */
export interface ReadBounds {
  readonly files: number;
  /** Bytes of one file. */
  readonly bytes: number;
  /** Bytes of all files together. */
  readonly total: number;
  /** Folders below a given one. */
  readonly depth: number;
}

const READ_BOUNDS: ReadBounds = { files: 20_000, bytes: 2 * 2 ** 20, total: 256 * 2 ** 20, depth: 32 };

/** Folders that hold nothing that somebody deploys from. */
const SKIPPED = new Set([
  "node_modules",
  ".git",
  ".terraform",
  ".venv",
  "venv",
  "__pycache__",
  "vendor",
  "dist",
  ".next",
  ".cache",
]);

/** What was read, and what was not. */
export interface ReadPaths {
  readonly files: readonly InputFile[];
  readonly notes: readonly { readonly file: string; readonly note: string }[];
}

/**
 * Reads files and walks folders; symbolic links in folders are not followed, so that a walk ends and stays where it was
 * sent. Throws `usage` when a given path is not there.
 */
export async function readPaths(paths: readonly string[], bounds: ReadBounds = READ_BOUNDS): Promise<ReadPaths> {
  const files = new Map<string, InputFile>();
  const notes: { file: string; note: string }[] = [];
  let total = 0;

  async function take(path: string, named: boolean): Promise<void> {
    if (files.has(path) || full(path)) return;
    if (path.endsWith(".dockerignore")) {
      // Only that it is there matters.
      files.set(path, { path, text: "" });
      return;
    }
    const text = await readText(path, bounds.bytes);
    if (text === undefined) {
      notes.push({ file: path, note: `larger than ${bounds.bytes / 2 ** 20} MiB, or no text` });
      return;
    }
    total += text.length;
    files.set(path, { path, text });
    if (named && /(^|\/)(Dockerfile|Containerfile)[^/]*$/.test(path)) await takeIgnoreFiles(path);
  }

  function full(path: string): boolean {
    if (files.size < bounds.files && total < bounds.total) return false;
    if (notes.at(-1)?.note !== TOO_MUCH) notes.push({ file: path, note: TOO_MUCH });
    return true;
  }

  async function walk(folder: string, depth: number): Promise<void> {
    if (depth > bounds.depth) {
      notes.push({ file: folder, note: `deeper than ${bounds.depth} folders` });
      return;
    }
    const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) await walk(path, depth + 1);
      // Guides are looked at only when they are named: what they show is not what is deployed.
      else if (
        entry.isFile() &&
        isCandidate(entry.name) &&
        !/\.(md|markdown)$/i.test(entry.name) &&
        entry.name !== "package-lock.json"
      )
        await take(path, false);
    }
  }

  /** A Dockerfile named alone: its ignore file may stand beside it. */
  async function takeIgnoreFiles(path: string): Promise<void> {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    // Below the folder that the command was called in, that one may be the build's context.
    const here = !isAbsolute(path) && !path.startsWith("..");
    for (const each of [`${path}.dockerignore`, `${folder}.dockerignore`, ...(here ? [".dockerignore"] : [])])
      if ((await stat(each).catch(() => undefined))?.isFile() === true) files.set(each, { path: each, text: "" });
  }

  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found === undefined)
      throw new SlipwayError("usage", `There is no file or folder "${path}".`, {
        hint: "Name files or folders that are there, or - for standard input.",
      });
    if (found.isDirectory()) await walk(path, 0);
    else await take(path, true);
  }
  return { files: [...files.values()], notes };
}

const TOO_MUCH = "and everything after it: more than is read at once; check parts of it";

async function readText(path: string, most: number): Promise<string | undefined> {
  await using file = await open(path, "r");
  if ((await file.stat()).size > most) return undefined;
  const text = await file.readFile("utf8");
  return text.includes("\0") ? undefined : text;
}

/** Standard input whole, up to the bound of one file. */
export async function readStandardInput(
  input: AsyncIterable<Buffer | string>,
  most: number = READ_BOUNDS.bytes,
): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of input) {
    const bytes = Buffer.from(piece);
    length += bytes.length;
    if (length > most)
      throw new SlipwayError("usage", `Standard input is larger than ${most / 2 ** 20} MiB.`, {
        hint: "Hand it in as files.",
      });
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString("utf8");
}
