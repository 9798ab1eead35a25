import type { Directory } from "../../directory.ts";
import type { Database } from "../database.ts";
import { unavailable } from "../errors.ts";
import { activeKeys } from "./active-keys.ts";
import { allAgents } from "./all-agents.ts";
import { allProviderKeys } from "./all-provider-keys.ts";
import { allLimits } from "./all-limits.ts";
import { allRoutes } from "./all-routes.ts";
import { allUsers } from "./all-users.ts";
import { tenantsAfter } from "./tenants.ts";
import { sessionsSince } from "./sessions-since.ts";
import { directoryVersions } from "./versions.ts";

export function createDirectory(database: Database): Directory {
  return {
    activeKeys: () => database.asDirectory(activeKeys()),
    users: () => database.asDirectory(allUsers()),
    tenants: (after = "") => database.asDirectory(tenantsAfter(after)),
    routes: () => database.asDirectory(allRoutes()),
    providerKeys: () => database.asDirectory(allProviderKeys()),
    limits: () => database.asDirectory(allLimits()),
    agents: () => database.asDirectory(allAgents()),
    sessionsSince: (change, limit) => database.asDirectory(sessionsSince(change, limit)),
    async versions() {
      const [row] = await database.asDirectory(directoryVersions());
      if (!row) throw unavailable("The database has lost the versions of its keys.", "Restore it from a backup.");
      return row;
    },
  };
}
