import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Chunks whose maps are kept; there are fewer. */
const MOST_MAPS = 100;

/**
 * Makes the stack traces of errors name the sources that a bundle in `folder` was made of. Nothing is read before a trace is
 * looked at; `--enable-source-maps` would read the map of every chunk when it is loaded.
 */
export function nameSources(folder: string): void {
  const maps = new Map<string, SourceMap | undefined>();
  const mapOf = (chunk: string): SourceMap | undefined => {
    if (!maps.has(chunk) && maps.size < MOST_MAPS) maps.set(chunk, readMap(chunk));
    return maps.get(chunk);
  };
  Error.prepareStackTrace = (error, calls) =>
    [Error.prototype.toString.call(error), ...calls.map((call) => `    at ${named(call, folder, mapOf)}`)].join("\n");
}

function readMap(chunk: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${chunk}.map`, "utf8")) as SourceMapPayload);
  } catch {
    // An older bundle is removed after a while; its traces stay as they are.
    return undefined;
  }
}

function named(call: NodeJS.CallSite, folder: string, mapOf: (chunk: string) => SourceMap | undefined): string {
  // Its text is V8's own line of a trace, which @types/node does not say.
  const written = (call as { toString(): string }).toString();
  const url = call.getFileName() ?? "";
  if (!url.startsWith("file:")) return written;
  const chunk = fileURLToPath(url);
  const line = call.getLineNumber() ?? 0;
  const column = call.getColumnNumber() ?? 0;
  if (!chunk.startsWith(folder)) return written;
  // Lines and columns of a map begin at 0.
  const source = mapOf(chunk)?.findEntry(line - 1, column - 1);
  if (source === undefined || !("originalSource" in source)) return written;
  const place = `${resolve(dirname(chunk), source.originalSource)}:${source.originalLine + 1}:${source.originalColumn + 1}`;
  return written.replace(`${url}:${line}:${column}`, place);
}
