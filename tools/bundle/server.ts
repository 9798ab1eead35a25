import { join } from "node:path";
import { type Bundled, bundle } from "./bundle.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Bundles the server of this checkout into `folder`; benches measure it with other modules `instead` of some, sources by path from the root. */
export function bundleServer(folder: string, instead: ReadonlyMap<string, string> = new Map()): Promise<Bundled> {
  return bundle({
    root: ROOT,
    entry: join(import.meta.dirname, "server-entry.ts"),
    folder,
    // It finds files of its own beside its modules, and the image does without it.
    external: ["@electric-sql"],
    instead: new Map([...instead].map(([path, source]) => [join(ROOT, path), source])),
  });
}
