import { BoundedMap } from "#lib/bounded-map.ts";
import type { StoredAgent, StoredAgents } from "#store/agents.ts";
import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryVersions } from "#store/directory.ts";
import type { FileAgent, LoadedAgent } from "./loaded-agent.ts";
import type { Registry } from "./registry.ts";
import { loadStored } from "./stored-agent.ts";

/** An agent as it is listed: one of a file, or one of the tenant's own. */
export type KnownAgent = { readonly file: FileAgent } | { readonly stored: StoredAgent };

/**
 * The agents as a tenant sees them: its own, and those of files under names that none of its own has. The one place where an agent's
 * name is looked up. Names come from a snapshot in memory that follows the change feed.
 */
export interface Agents extends Follower {
  /** The agent, unless there is none of this name or it is broken. Rejects with `database_unavailable` when one of the tenant's own must be read and cannot. */
  find(tenantId: string, name: string): LoadedAgent | undefined | Promise<LoadedAgent | undefined>;
  /** There is an agent of this name, broken or not. */
  has(tenantId: string, name: string): boolean;
  /** A file has an agent of this name, broken or not. */
  isOfFile(name: string): boolean;
  /** What clients send as `model`: `agent/<name>` of each agent that is not known to be broken. */
  modelIds(tenantId: string): readonly string[];
  /** By name, as the database has them now; specs without `instructions`. */
  list(tenantId: string): Promise<readonly KnownAgent[]>;
  /** As the database has it now. */
  describe(tenantId: string, name: string): Promise<KnownAgent | undefined>;
}

/** What the agents are made of. */
export interface AgentsOptions {
  readonly files: Pick<Registry, "list" | "get" | "summary">;
  readonly stored: Pick<StoredAgents, "list" | "get" | "version">;
  readonly directory: Pick<Directory, "agents">;
  /** Stored agents that are held ready, the one that was read longest ago going first; default 500. */
  readonly mostHeld?: number;
}

const MOST_HELD = 500;

/** Which version of an agent is in force. Another one with each change, also when the agent was removed and made anew. */
interface Mark {
  readonly version: number;
  readonly hash: string;
}

/** What an agent says is read as its tenant when it first runs: prompts are long, and no business of a reader across tenants. */
class TenantAgents implements Agents {
  readonly #options: AgentsOptions;
  readonly #held: BoundedMap<string, Promise<LoadedAgent | undefined>>;
  #tenants: ReadonlyMap<string, ReadonlyMap<string, Mark>> = new Map();
  #version = -1;

  constructor(options: AgentsOptions) {
    this.#options = options;
    this.#held = new BoundedMap(options.mostHeld ?? MOST_HELD);
  }

  find(tenantId: string, name: string): LoadedAgent | undefined | Promise<LoadedAgent | undefined> {
    const mark = this.#tenants.get(tenantId)?.get(name);
    return mark === undefined ? this.#options.files.get(name) : this.#hold(tenantId, name, mark);
  }

  has(tenantId: string, name: string): boolean {
    return this.#tenants.get(tenantId)?.has(name) === true || this.isOfFile(name);
  }

  isOfFile(name: string): boolean {
    return this.#options.files.summary(name) !== undefined;
  }

  modelIds(tenantId: string): readonly string[] {
    const own = this.#tenants.get(tenantId);
    const files = this.#options.files.list().filter(({ name, status }) => status === "ready" && !own?.has(name));
    const names = [...(own?.keys() ?? []), ...files.map(({ name }) => name)];
    return names.toSorted().map((name) => `agent/${name}`);
  }

  async list(tenantId: string): Promise<readonly KnownAgent[]> {
    const stored = await this.#options.stored.list(tenantId);
    const own = new Set(stored.map(({ name }) => name));
    const files = this.#options.files.list().filter(({ name }) => !own.has(name));
    const all = [...stored.map((agent) => ({ stored: agent })), ...files.map((file) => ({ file }))];
    return all.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }

  async describe(tenantId: string, name: string): Promise<KnownAgent | undefined> {
    const stored = await this.#options.stored.get(tenantId, name);
    if (stored) return { stored };
    const file = this.#options.files.summary(name);
    return file && { file };
  }

  async follow({ agents: version }: DirectoryVersions): Promise<void> {
    if (version === this.#version) return;
    const tenants = new Map<string, Map<string, Mark>>();
    for (const { tenantId, name, ...mark } of await this.#options.directory.agents()) {
      const own = tenants.get(tenantId) ?? new Map<string, Mark>();
      tenants.set(tenantId, own.set(name, mark));
    }
    this.#tenants = tenants;
    this.#version = version;
  }

  #hold(tenantId: string, name: string, mark: Mark): Promise<LoadedAgent | undefined> {
    // A version's content never changes, so what is held needs no look: only which version is in force does.
    const key = JSON.stringify([tenantId, name, mark.version, mark.hash]);
    const held = this.#held.get(key);
    if (held) return held;
    const read = this.#read(tenantId, name, mark);
    this.#held.set(key, read);
    // Nothing is no version: it was removed and may be made anew word for word.
    const forget = (): void => this.#held.delete(key);
    read.then((agent) => agent ?? forget(), forget);
    return read;
  }

  async #read(tenantId: string, name: string, { version, hash }: Mark): Promise<LoadedAgent | undefined> {
    const found = await this.#options.stored.version(tenantId, name, version, hash);
    return found && loadStored(name, version, found.spec);
  }
}

function nameOf(agent: KnownAgent): string {
  return "file" in agent ? agent.file.name : agent.stored.name;
}

/** The agents of files and of tenants together. Those of tenants are known after the first `follow`. */
export function createAgents(options: AgentsOptions): Agents {
  return new TenantAgents(options);
}
