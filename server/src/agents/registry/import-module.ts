import { pathToFileURL } from "node:url";
import { RELOAD_PARAMETER } from "./module-hook.ts";

/** The import neither finished nor failed in time. */
export class ImportTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`the import did not finish within ${timeoutMs / 1000} s: the file waits for something at its top level`);
    this.name = "ImportTimeout";
  }
}

const imported = new Set<string>();
let loads = 0;

/**
 * Imports a file as it is now, also when it was imported before. The loader never forgets a module, so every reload costs the
 * memory of one more copy: fair in development, where alone files are reloaded. Rejects with what the module threw, or
 * {@link ImportTimeout}; a module that computes without end at its top level holds up the process and cannot be bounded here.
 */
export async function importModule(file: string, timeoutMs: number): Promise<unknown> {
  const url = pathToFileURL(file).href;
  loads += 1;
  const fresh = imported.has(url) ? `${url}?${RELOAD_PARAMETER}=${loads}` : url;
  imported.add(url);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ImportTimeout(timeoutMs)), timeoutMs);
  });
  try {
    return (await Promise.race([import(fresh), late])) as unknown;
  } finally {
    clearTimeout(timer);
  }
}
