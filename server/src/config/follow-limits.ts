import { type LimitSpec, limitSpecSchema } from "@slipway/contracts/spec/limit.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";
import type { DeclaredLimits } from "#limits/declared/limits.ts";
import type { TenantLimit } from "#limits/declared/plan.ts";
import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryLimit, DirectoryVersions } from "#store/directory.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { ConfigFile } from "./config-file.ts";
import type { FileSections } from "./follow-file.ts";

/** The limits of `slipway.yaml` and of the database on their way into force. */
export interface FollowedLimits extends Follower, FileSections {
  /** Those of the file that are in force. */
  readonly shared: readonly LimitSpec[];
}

interface FollowOptions {
  readonly limits: Pick<DeclaredLimits, "set">;
  readonly directory: Directory;
  /** Processes serve together and have no common counts to keep money by. */
  readonly budgetsAreClosed: boolean;
  readonly log: Logger;
}

class Following implements FollowedLimits {
  readonly #options: FollowOptions;
  #shared: readonly LimitSpec[] = [];
  #storedVersion = -1;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  get shared(): readonly LimitSpec[] {
    return this.#shared;
  }

  async follow({ limits: storedVersion }: DirectoryVersions): Promise<void> {
    if (storedVersion === this.#storedVersion) return;
    const stored = await this.#options.directory.limits();
    const understood = stored.flatMap((limit) => readable(limit, this.#options.log) ?? []);
    this.#options.limits.set({ stored: understood, storedVersion });
    this.#storedVersion = storedVersion;
  }

  problems(found: ConfigFile): readonly YamlProblem[] {
    return problemsOf(found.read.spec.limits, this.#options.budgetsAreClosed);
  }

  take(found: ConfigFile | undefined): void {
    const specs = found?.read.spec.limits ?? [];
    this.#shared = specs;
    this.#options.limits.set({ file: specs, fileVersion: found && specs.length > 0 ? found.version : "" });
  }
}

function problemsOf(specs: readonly LimitSpec[], budgetsAreClosed: boolean): readonly YamlProblem[] {
  const names = new Set<string>();
  return specs.flatMap(({ name, budget }, at) => {
    const taken = names.has(name);
    names.add(name);
    return [
      ...(taken ? [{ path: ["limits", at, "name"], message: `is the name \`${name}\` of another limit already` }] : []),
      ...(budget && budgetsAreClosed
        ? [
            {
              path: ["limits", at, "budget"],
              message: "cannot be kept by several processes without Redis (set REDIS_URL, or WORKERS=1)",
            },
          ]
        : []),
    ];
  });
}

/** A newer version may have stored what this one does not know: its other limits are in force all the same. */
function readable({ tenantId, spec }: DirectoryLimit, log: Logger): TenantLimit | undefined {
  const result = limitSpecSchema.safeParse(spec);
  if (result.success) return { tenantId, spec: result.data };
  log.warn({ tenantId, issue: result.error.issues[0]?.message }, "a stored limit is not understood and left out");
  return undefined;
}

/** Limits of which none is in force yet: those of the file come when it is followed, those of the database with the change feed that this follows. */
export function followLimits(options: FollowOptions): FollowedLimits {
  return new Following(options);
}
