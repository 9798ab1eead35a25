import type { AuditSpec } from "@slipway/contracts/spec/audit.ts";
import type { RouteSpec } from "@slipway/contracts/spec/route.ts";
import type { Provider } from "#providers/provider.ts";
import type { Router } from "#router/router.ts";
import { routeProblems } from "#router/routes/check.ts";
import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryVersions } from "#store/directory.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { type ConfigFile, type ConfigFileSettings, readConfigFile, readConfigFileAgain } from "./config-file.ts";
import { watchFile } from "./watch-file.ts";

/** The routes of `slipway.yaml` and of the database on their way into the router. */
export interface FollowedRoutes extends Follower {
  /** Those of the file that are in force. */
  readonly shared: readonly RouteSpec[];
  close(): void;
}

const TIMING = { settleMs: 50, pollMs: 1000 };

class Following implements FollowedRoutes {
  readonly #options: FollowOptions;
  #shared: readonly RouteSpec[] = [];
  #storedVersion = -1;
  #watch: { close(): void } | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  get shared(): readonly RouteSpec[] {
    return this.#shared;
  }

  /** The file of the start must be right; later a wrong one changes nothing. */
  async begin(): Promise<void> {
    const { file, log } = this.#options;
    this.#take(this.#checked(await readConfigFile(file)));
    this.#watch = watchFile(file.path, TIMING, async () => {
      try {
        this.#take(this.#checked(await readConfigFileAgain(file)));
        log.info({ version: this.#options.router.routesVersion }, "the routes of the configuration file are in force");
      } catch (error) {
        log.error(
          { error: describeError(error) },
          "the configuration file cannot be taken; what was in force before stays so",
        );
      }
    });
  }

  async follow({ routes: storedVersion }: DirectoryVersions): Promise<void> {
    if (storedVersion === this.#storedVersion) return;
    const stored = await this.#options.directory.routes();
    this.#options.router.setRoutes({ stored, storedVersion });
    this.#storedVersion = storedVersion;
  }

  close(): void {
    this.#watch?.close();
  }

  #checked(found: ConfigFile | undefined): ConfigFile | undefined {
    const { providers, compares } = this.#options;
    if (!found) return undefined;
    const problems = routeProblems(found.read.spec.routes, providers.keys(), compares);
    if (problems.length === 0) return found;
    throw found.read.error(problems.map((problem) => ({ ...problem, path: ["routes", ...problem.path] })));
  }

  #take(found: ConfigFile | undefined): void {
    this.#shared = found?.read.spec.routes ?? [];
    this.#options.router.setRoutes({ file: this.#shared, fileVersion: found?.version ?? "" });
    this.#options.audit.setSpec(found?.read.spec.audit);
  }
}

interface FollowOptions {
  readonly file: ConfigFileSettings;
  readonly router: Pick<Router, "setRoutes" | "routesVersion">;
  readonly directory: Directory;
  /** Takes the file's section on the audit log. */
  readonly audit: { setSpec(spec: AuditSpec | undefined): void };
  readonly providers: ReadonlyMap<string, Provider>;
  /** An embedding model is set for semantic caches. */
  readonly compares: boolean;
  readonly log: Logger;
}

/**
 * Puts the file's routes in force and watches it; those of the database come with the change feed that this follows.
 * Throws `config_invalid` when the file is wrong now.
 */
export async function followRoutes(options: FollowOptions): Promise<FollowedRoutes> {
  const following = new Following(options);
  await following.begin();
  return following;
}
