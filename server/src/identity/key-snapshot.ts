import type { Directory, DirectoryKey } from "#store/directory.ts";
import type { Principal } from "./principal.ts";

/** The keys that are in force, in memory, so that a request asks no database. Replaced as a whole. */
export interface KeySnapshot {
  /** The caller that the key's hash belongs to. */
  byHash(hash: Uint8Array): Principal | undefined;
  /** The caller of a key that is known by its id, for sessions. */
  byId(tenantId: string, keyId: string): Principal | undefined;
  /** Reads the keys again if any was made or revoked since. Rejects when the database cannot be read; the old keys stay. */
  refresh(): Promise<void>;
  /** Rejects until the keys have been read once. */
  assertLoaded(): Promise<void>;
  /** Stops looking for changes. */
  close(): void;
}

/** A key that the environment gives: valid as long as the process runs, never stored. */
export interface EnvironmentKey extends DirectoryKey {
  readonly keyId: "env";
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

class Snapshot implements KeySnapshot {
  readonly #directory: Directory;
  readonly #environmentKey: EnvironmentKey | undefined;
  readonly #timer: NodeJS.Timeout;
  #byHash = new Map<string, Principal>();
  #byId = new Map<string, Principal>();
  #version = -1;
  #refreshing: Promise<void> | undefined;
  #reading = false;

  constructor(
    directory: Directory,
    environmentKey: EnvironmentKey | undefined,
    pollMs: number,
    onFailure: (error: unknown) => void,
  ) {
    this.#directory = directory;
    this.#environmentKey = environmentKey;
    this.#timer = setInterval(() => {
      // Before the first refresh there is nothing to keep fresh, and a look that takes long is not followed by a second one.
      if (this.#version !== -1 && !this.#reading) void this.refresh().catch(onFailure);
    }, pollMs);
    this.#timer.unref();
  }

  byHash(hash: Uint8Array): Principal | undefined {
    return this.#byHash.get(hex(hash));
  }

  byId(tenantId: string, keyId: string): Principal | undefined {
    return this.#byId.get(`${tenantId}/${keyId}`);
  }

  refresh(): Promise<void> {
    // A second asker waits for a read that starts after its own change, never for one that may have missed it.
    const before = this.#refreshing ?? Promise.resolve();
    const run = before
      .catch(() => {})
      .then(() => {
        this.#reading = true;
        return this.#read();
      })
      .finally(() => (this.#reading = false));
    this.#refreshing = run;
    return run;
  }

  assertLoaded(): Promise<void> {
    return this.#version === -1 ? Promise.reject(new Error("the API keys have not been read yet")) : Promise.resolve();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #read(): Promise<void> {
    // The version is read before the keys: a change between the two is seen again at the next look, never missed.
    const version = await this.#directory.version();
    if (version === this.#version) return;
    const keys = [...(await this.#directory.activeKeys()), ...(this.#environmentKey ? [this.#environmentKey] : [])];
    const byHash = new Map<string, Principal>();
    const byId = new Map<string, Principal>();
    for (const key of keys) {
      const principal: Principal = { tenantId: key.tenantId, keyId: key.keyId, keyName: key.name, via: "key" };
      byHash.set(hex(key.hash), principal);
      byId.set(`${key.tenantId}/${key.keyId}`, { ...principal, via: "session" });
    }
    this.#byHash = byHash;
    this.#byId = byId;
    this.#version = version;
  }
}

/** An empty snapshot that looks for changes every `pollMs` once it has been refreshed; a failed look is told and the keys stay as they were. */
export function createKeySnapshot(options: {
  readonly directory: Directory;
  readonly environmentKey: EnvironmentKey | undefined;
  readonly pollMs: number;
  readonly onFailure: (error: unknown) => void;
}): KeySnapshot {
  return new Snapshot(options.directory, options.environmentKey, options.pollMs, options.onFailure);
}
