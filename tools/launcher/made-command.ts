import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A file as it was: when it was last changed in any way (ms), and its bytes; 0 and 0 when there was none. */
export type Stamp = readonly [path: string, changedMs: number, bytes: number];

/** The bundled command that is in force, as it stands in `current.json`. */
export interface MadeCommand {
  readonly root: string;
  /** Of Node. */
  readonly version: string;
  /** Its first file. */
  readonly entry: string;
  /** What it was made of and what it consists of. */
  readonly files: readonly Stamp[];
}

/** Where bundled commands are kept. */
export function commandFolder(root: string): string {
  return join(root, ".cache/command");
}

/** The file that names the bundled command in force. */
export function currentFile(root: string): string {
  return join(commandFolder(root), "current.json");
}

/** How files are now. The time of the last change is the inode's own: no program can put it back, as it can `mtime`. */
export function stampsOf(paths: readonly string[]): readonly Stamp[] {
  return paths.map((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return [path, found?.ctimeMs ?? 0, found?.size ?? 0];
  });
}

/** What is in force; undefined when nothing is, or when it was not written whole. */
export function readMade(root: string): MadeCommand | undefined {
  try {
    return JSON.parse(readFileSync(currentFile(root), "utf8")) as MadeCommand;
  } catch {
    return undefined;
  }
}

/**
 * The first file of the bundled command; undefined when there is none that is made of exactly the files that are there, by this
 * Node and for this place. A few milliseconds: some 500 files are looked at, none is read.
 */
export function madeCommand(root: string): string | undefined {
  const made = readMade(root);
  if (made?.root !== root || made.version !== process.version) return undefined;
  return made.files.every(isAsItWas) ? made.entry : undefined;
}

function isAsItWas([path, changedMs, bytes]: Stamp): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return changedMs === (found?.ctimeMs ?? 0) && bytes === (found?.size ?? 0);
}
