import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { SERVER_ENTRY } from "../../contracts/src/server-command.ts";
import { bundleServer } from "./server.ts";

// `node tools/bundle/build-server.ts`: bundles the server into server/dist, as the image runs it.

const folder = dirname(join(import.meta.dirname, "../..", SERVER_ENTRY));
// Beside it: a bundle's chunks find files of the checkout from where they lie.
const fresh = `${folder}-${process.pid}`;
try {
  await bundleServer(fresh);
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
