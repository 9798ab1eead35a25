import type { Directory } from "../../directory.ts";
import type { Database } from "../database.ts";
import { unavailable } from "../errors.ts";
import { activeKeys } from "./active-keys.ts";
import { directoryVersion } from "./version.ts";

export function createDirectory(database: Database): Directory {
  return {
    activeKeys: () => database.asDirectory(activeKeys()),
    async version() {
      const [row] = await database.asDirectory(directoryVersion());
      if (!row) throw unavailable("The database has lost the version of its keys.", "Restore it from a backup.");
      return row.version;
    },
  };
}
