import { type LimitSpec, limitSpecSchema } from "@slipway/contracts/spec/limit.ts";
import type { DeclaredLimits } from "#limits/declared/limits.ts";
import type { TenantLimit } from "#limits/declared/plan.ts";
import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryLimit, DirectoryVersions } from "#store/directory.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { type ConfigFile, type ConfigFileSettings, readConfigFile, readConfigFileAgain } from "./config-file.ts";
import { watchFile } from "./watch-file.ts";

/** The limits of `slipway.yaml` and of the database on their way into force. */
export interface FollowedLimits extends Follower {
  /** Those of the file that are in force. */
  readonly shared: readonly LimitSpec[];
  close(): void;
}

interface FollowOptions {
  readonly file: ConfigFileSettings;
  readonly limits: Pick<DeclaredLimits, "set" | "version">;
  readonly directory: Directory;
  /** Processes serve together and have no common counts to keep money by. */
  readonly budgetsAreClosed: boolean;
  readonly log: Logger;
}

const TIMING = { settleMs: 50, pollMs: 1000 };

class Following implements FollowedLimits {
  readonly #options: FollowOptions;
  #shared: readonly LimitSpec[] = [];
  #storedVersion = -1;
  #watch: { close(): void } | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  get shared(): readonly LimitSpec[] {
    return this.#shared;
  }

  /** The file of the start must be right; later a wrong one changes nothing. */
  async begin(): Promise<void> {
    const { file, log, limits } = this.#options;
    this.#take(await readConfigFile(file));
    this.#watch = watchFile(file.path, TIMING, async () => {
      try {
        this.#take(await readConfigFileAgain(file));
        log.info({ version: limits.version }, "the limits of the configuration file are in force");
      } catch (error) {
        log.error({ error: describeError(error) }, "the limits of the configuration file cannot be taken");
      }
    });
  }

  async follow({ limits: storedVersion }: DirectoryVersions): Promise<void> {
    if (storedVersion === this.#storedVersion) return;
    const stored = await this.#options.directory.limits();
    const understood = stored.flatMap((limit) => readable(limit, this.#options.log) ?? []);
    this.#options.limits.set({ stored: understood, storedVersion });
    this.#storedVersion = storedVersion;
  }

  close(): void {
    this.#watch?.close();
  }

  #take(found: ConfigFile | undefined): void {
    const { limits, budgetsAreClosed } = this.#options;
    const specs = found?.read.spec.limits ?? [];
    const problems = problemsOf(specs, budgetsAreClosed);
    if (found && problems.length > 0) throw found.read.error(problems);
    this.#shared = specs;
    limits.set({ file: specs, fileVersion: found && specs.length > 0 ? found.version : "" });
  }
}

function problemsOf(specs: readonly LimitSpec[], budgetsAreClosed: boolean) {
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

/**
 * Puts the file's limits in force and watches it; those of the database come with the change feed that this follows.
 * Throws `config_invalid` when the file is wrong now.
 */
export async function followLimits(options: FollowOptions): Promise<FollowedLimits> {
  const following = new Following(options);
  await following.begin();
  return following;
}
