import type { AuditSpec } from "@slipway/contracts/spec/audit.ts";
import type { RouteSpec } from "@slipway/contracts/spec/route.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import type { Provider } from "#providers/provider.ts";
import type { Router } from "#router/router.ts";
import { routeProblems } from "#router/routes/check.ts";
import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryVersions } from "#store/directory.ts";
import type { ConfigFile } from "./config-file.ts";
import type { FileSections } from "./follow-file.ts";

/** The routes of `slipway.yaml` and of the database on their way into the router. */
export interface FollowedRoutes extends Follower, FileSections {
  /** Those of the file that are in force. */
  readonly shared: readonly RouteSpec[];
}

class Following implements FollowedRoutes {
  readonly #options: FollowOptions;
  #shared: readonly RouteSpec[] = [];
  #storedVersion = -1;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  get shared(): readonly RouteSpec[] {
    return this.#shared;
  }

  async follow({ routes: storedVersion }: DirectoryVersions): Promise<void> {
    if (storedVersion === this.#storedVersion) return;
    const stored = await this.#options.directory.routes();
    this.#options.router.setRoutes({ stored, storedVersion });
    this.#storedVersion = storedVersion;
  }

  problems(found: ConfigFile): readonly YamlProblem[] {
    const { providers, compares } = this.#options;
    const problems = routeProblems(found.read.spec.routes, providers.keys(), compares);
    return problems.map((problem) => ({ ...problem, path: ["routes", ...problem.path] }));
  }

  take(found: ConfigFile | undefined): void {
    this.#shared = found?.read.spec.routes ?? [];
    this.#options.router.setRoutes({ file: this.#shared, fileVersion: found?.version ?? "" });
    this.#options.audit.setSpec(found?.read.spec.audit);
  }
}

interface FollowOptions {
  readonly router: Pick<Router, "setRoutes">;
  readonly directory: Directory;
  /** Takes the file's section on the audit log. */
  readonly audit: { setSpec(spec: AuditSpec | undefined): void };
  readonly providers: ReadonlyMap<string, Provider>;
  /** An embedding model is set for semantic caches. */
  readonly compares: boolean;
}

/** Routes of which none is in force yet: those of the file come when it is followed, those of the database with the change feed that this follows. */
export function followRoutes(options: FollowOptions): FollowedRoutes {
  return new Following(options);
}
