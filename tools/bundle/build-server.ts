import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { SERVER_ENTRY } from "../../contracts/src/server-command.ts";
import { bundle } from "./bundle.ts";

// `node tools/bundle/build-server.ts`: bundles the server into server/dist, as the image runs it.

const root = join(import.meta.dirname, "../..");
const folder = dirname(join(root, SERVER_ENTRY));
// Beside it: a bundle's chunks find files of the checkout from where they lie.
const fresh = `${folder}-${process.pid}`;
try {
  await bundle({
    root,
    entry: join(import.meta.dirname, "server-entry.ts"),
    folder: fresh,
    // It finds files of its own beside its modules, and the image does without it.
    external: ["@electric-sql"],
  });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
