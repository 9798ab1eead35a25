import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { loadAgent, type RegistryEntry } from "./load-agent.ts";
import type { FileAgent, LoadedAgent } from "./loaded-agent.ts";
import { scanAgents, type FoundAgent } from "./scan.ts";
import { watchFolder, type WatchTiming } from "./watch-folder.ts";

/** Settings of {@link createRegistry}. */
export interface RegistryOptions {
  /** The agents folder; it need not exist. */
  readonly dir: string;
  /** True in development: changed, new and removed agents are picked up. */
  readonly watch: boolean;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Milliseconds that one agent's import may take; default 10,000. */
  readonly importTimeoutMs?: number;
  readonly timing?: WatchTiming;
}

/** The agents of a folder. What it answers is of one moment: a reload replaces everything at once. */
export interface Registry {
  /** Every agent in order of name, the broken ones too. */
  list(): readonly FileAgent[];
  /** The agent, unless there is none of this name or it is broken. */
  get(name: string): LoadedAgent | undefined;
  /** What is known of the agent, broken or not. */
  summary(name: string): FileAgent | undefined;
  /** Looks at the folder now and loads what has changed. Never rejects. */
  reload(): Promise<void>;
  /** Stops watching and waits for a load that is under way. */
  close(): Promise<void>;
}

type Snapshot = ReadonlyMap<string, RegistryEntry>;

async function canonical(dir: string): Promise<string> {
  // The loader names modules by their real path, also below a linked folder such as /tmp on macOS.
  return realpath(dir).catch(() => resolve(dir));
}

class FolderRegistry implements Registry {
  readonly #options: RegistryOptions;
  #snapshot: Snapshot = new Map();
  #watcher: { close(): void } | undefined;
  #loading: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  list(): readonly FileAgent[] {
    return [...this.#snapshot.values()].map(({ summary }) => summary);
  }

  get(name: string): LoadedAgent | undefined {
    return this.#snapshot.get(name)?.agent;
  }

  summary(name: string): FileAgent | undefined {
    return this.#snapshot.get(name)?.summary;
  }

  async watch(): Promise<void> {
    const timing = this.#options.timing ?? { settleMs: 100, pollMs: 2000 };
    this.#watcher = await watchFolder(this.#options.dir, timing, () => void this.reload());
  }

  reload(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#loading !== undefined) {
      // What is being loaded may already be out of date: look once more, however often it was asked for.
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#loadUntilSettled().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watcher?.close();
    await this.#loading;
  }

  async #loadUntilSettled(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#load();
      } catch (error) {
        this.#options.log.error(
          { dir: this.#options.dir, error: describeError(error) },
          "the agents folder cannot be read",
        );
      }
    } while (this.#again && !this.#closed);
  }

  async #load(): Promise<void> {
    const dir = await canonical(this.#options.dir);
    const found = await scanAgents(dir);
    const before = this.#snapshot;
    if (found.length === before.size && found.every((agent) => isSame(agent, before))) return;
    const entries = await Promise.all(found.map((agent) => this.#entry(dir, agent, before)));
    if (this.#closed) return;
    this.#snapshot = new Map(entries.map((entry) => [entry.summary.name, entry]));
    this.#tell(before, this.#snapshot);
  }

  async #entry(dir: string, found: FoundAgent, before: Snapshot): Promise<RegistryEntry> {
    const known = before.get(found.name);
    if (known !== undefined && known.fingerprint === found.fingerprint) return known;
    return loadAgent(dir, found, this.#options.importTimeoutMs ?? 10_000);
  }

  #tell(before: Snapshot, after: Snapshot): void {
    const { log } = this.#options;
    for (const [name, entry] of after) {
      if (before.get(name) === entry) continue;
      const fields = { agent: name, source: entry.summary.source };
      if (entry.agent === undefined) log.error({ ...fields, problem: entry.summary.error }, "an agent is broken");
      else log.info(fields, before.has(name) ? "an agent was reloaded" : "an agent was loaded");
    }
    for (const name of before.keys()) {
      if (!after.has(name)) log.info({ agent: name }, "an agent was removed");
    }
  }
}

function isSame(found: FoundAgent, before: Snapshot): boolean {
  return before.get(found.name)?.fingerprint === found.fingerprint;
}

/** Loads every agent of the folder, and with `watch` keeps up with it. A broken agent never keeps the others from loading. */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const registry = new FolderRegistry({ ...options, dir: resolve(options.dir) });
  // Watching begins before the first look, so that no change falls between the two.
  if (options.watch) await registry.watch();
  await registry.reload();
  if (registry.list().length === 0) options.log.warn({ dir: options.dir }, "there are no agents in the agents folder");
  return registry;
}
