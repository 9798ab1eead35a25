import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryKey, DirectoryVersions } from "#store/directory.ts";
import { ALL_PERMISSIONS } from "./permissions.ts";
import { createPrincipal, type Principal } from "./principal.ts";

/** The keys that are in force, in memory, so that a request asks no database. Replaced as a whole. */
export interface KeySnapshot extends Follower {
  /** The caller that the key's hash, in hex digits, belongs to. */
  byHash(hash: string): Principal | undefined;
  /** The caller of a key that is known by its id, for sessions. */
  byId(tenantId: string, keyId: string): Principal | undefined;
  /** Rejects until the keys have been read once. */
  assertLoaded(): Promise<void>;
}

/** A key that the environment gives: valid as long as the process runs, never stored. */
export interface EnvironmentKey extends DirectoryKey {
  readonly keyId: "env";
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

class Snapshot implements KeySnapshot {
  readonly #directory: Directory;
  readonly #environmentKey: EnvironmentKey | undefined;
  #byHash = new Map<string, Principal>();
  #byId = new Map<string, Principal>();
  #version = -1;

  constructor(directory: Directory, environmentKey: EnvironmentKey | undefined) {
    this.#directory = directory;
    this.#environmentKey = environmentKey;
  }

  byHash(hash: string): Principal | undefined {
    return this.#byHash.get(hash);
  }

  byId(tenantId: string, keyId: string): Principal | undefined {
    return this.#byId.get(`${tenantId}/${keyId}`);
  }

  assertLoaded(): Promise<void> {
    return this.#version === -1 ? Promise.reject(new Error("the API keys have not been read yet")) : Promise.resolve();
  }

  /** Reads the keys again if any was made or revoked since. Rejects when they cannot be read; the old ones stay. */
  async follow({ keys: version }: DirectoryVersions): Promise<void> {
    if (version === this.#version) return;
    const keys = [...(await this.#directory.activeKeys()), ...(this.#environmentKey ? [this.#environmentKey] : [])];
    const byHash = new Map<string, Principal>();
    const byId = new Map<string, Principal>();
    for (const key of keys) {
      const { tenantId, keyId, name: keyName } = key;
      const beside = key === this.#environmentKey ? ALL_PERMISSIONS : 0;
      const principal = createPrincipal({ tenantId, keyId, keyName, via: "key", role: "owner", beside });
      byHash.set(hex(key.hash), principal);
      byId.set(`${key.tenantId}/${key.keyId}`, { ...principal, via: "session" });
    }
    this.#byHash = byHash;
    this.#byId = byId;
    this.#version = version;
  }
}

/** An empty snapshot; it has keys once a change feed has been refreshed that it follows. */
export function createKeySnapshot(options: {
  readonly directory: Directory;
  readonly environmentKey: EnvironmentKey | undefined;
}): KeySnapshot {
  return new Snapshot(options.directory, options.environmentKey);
}
