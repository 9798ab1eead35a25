import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ImportTimeout } from "./import-module.ts";
import { lineAt, lineMatching } from "./line-of.ts";
import type { AgentProblem } from "./loaded-agent.ts";

const MAX_SENTENCE = 500;
const MAX_CHECKED_FILES = 20;
const CHECK_TIMEOUT_MS = 5000;

/** A folder whose files are told of, and what its path is shortened to; the agents folder to nothing. */
export interface KnownFolder {
  /** Absolute, links resolved. */
  readonly path: string;
  readonly shownAs: string;
}

interface Place {
  readonly path: string;
  readonly line: number;
}

/** The first `path:line` or `url:line` of a text that lies in one of the folders. */
function placeIn(text: string, folders: readonly KnownFolder[]): Place | undefined {
  for (const folder of folders) {
    for (const start of [pathToFileURL(folder.path + sep).href, folder.path + sep]) {
      const index = text.indexOf(start);
      if (index === -1) continue;
      const [, where, line] = /^(.+?\.[a-z]+)(?:\?[^:\s]*)?:(\d+)/.exec(text.slice(index)) ?? [];
      if (where === undefined || line === undefined || where.includes(`${sep}node_modules${sep}`)) continue;
      return { path: where.startsWith("file:") ? fileURLToPath(where) : where, line: Number(line) };
    }
  }
  return undefined;
}

/** The first known place in the lines: the head of a stack for what does not parse or link, else a frame. */
function firstPlace(lines: string, folders: readonly KnownFolder[]): Place | undefined {
  for (const line of lines.split("\n")) {
    const place = placeIn(line, folders);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** What `node --check` says of a file; V8 does not tell an importer where in the file a syntax error is. */
async function checkFile(path: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--check", path], { timeout: CHECK_TIMEOUT_MS }, (_error, _out, told) => resolve(told));
  });
}

async function placeOfSyntaxError(file: string, folders: readonly KnownFolder[]): Promise<Place | undefined> {
  const folder = dirname(file);
  const others = (await readdir(folder)).filter((name) => /\.[mc]?[jt]s$/.test(name) && name !== basename(file)).sort();
  for (const name of [basename(file), ...others].slice(0, MAX_CHECKED_FILES)) {
    const place = firstPlace(await checkFile(join(folder, name)), folders);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** The import that cannot be resolved: Node names the file and what was asked for, not the line. */
async function placeOfImport(message: string, folders: readonly KnownFolder[]): Promise<Place | undefined> {
  const [, asked, importer] = /Cannot find (?:package|module) '([^']+)' imported from (.+)$/m.exec(message) ?? [];
  if (asked === undefined || importer === undefined) return undefined;
  const place = placeIn(`${importer}:1`, folders);
  if (place === undefined) return undefined;
  const text = await readFile(place.path, "utf8");
  return { path: place.path, line: lineAt(text, Math.max(text.indexOf(basename(asked)), 0)) };
}

async function placeOf(thrown: unknown, file: string, folders: readonly KnownFolder[]): Promise<Place> {
  const unknown = { path: file, line: 1 };
  if (thrown instanceof ImportTimeout) {
    const line = lineMatching(await readFile(file, "utf8"), /^(?!\s)(?=.*\bawait\b)/m);
    return line === undefined ? unknown : { path: file, line };
  }
  if (!(thrown instanceof Error)) return unknown;
  const inStack = firstPlace(thrown.stack ?? "", folders);
  if (inStack !== undefined) return inStack;
  const found =
    thrown instanceof SyntaxError
      ? await placeOfSyntaxError(file, folders)
      : await placeOfImport(thrown.message, folders);
  return found ?? unknown;
}

function shown(path: string, folders: readonly KnownFolder[]): string {
  for (const folder of folders) {
    if (path.startsWith(folder.path + sep))
      return join(folder.shownAs, relative(folder.path, path)).replaceAll(sep, "/");
  }
  return basename(path);
}

function sentence(thrown: unknown, folders: readonly KnownFolder[]): string {
  let text = `threw ${String(thrown)}`;
  if (thrown instanceof Error)
    text = thrown instanceof ImportTimeout ? thrown.message : `${thrown.name}: ${thrown.message}`;
  for (const { path, shownAs } of folders) text = text.replaceAll(path + sep, shownAs === "" ? "" : shownAs + sep);
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > MAX_SENTENCE ? `${line.slice(0, MAX_SENTENCE)}…` : line;
}

/** What the import of `file` threw, with the place in the folders that it comes from. Never rejects. */
export async function locateError(
  thrown: unknown,
  file: string,
  folders: readonly KnownFolder[],
): Promise<AgentProblem> {
  const place = await placeOf(thrown, file, folders).catch(() => ({ path: file, line: 1 }));
  return { file: shown(place.path, folders), line: place.line, what: sentence(thrown, folders) };
}
