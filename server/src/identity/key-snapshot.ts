import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryKey, DirectoryUser, DirectoryVersions } from "#store/directory.ts";
import type { KeyUse, KeyUses } from "./key-uses.ts";
import { ALL_PERMISSIONS, permissionsOfRole } from "./permissions.ts";
import { createPrincipal, type Principal } from "./principal.ts";
import { scopesOf } from "./scopes.ts";

/** Users and keys that are in force, in memory, so that a request asks no database. Replaced as a whole. */
export interface KeySnapshot extends Follower {
  /** The caller that the key's hash, in hex digits, belongs to; marks the key as used. */
  byHash(hash: string): Principal | undefined;
  /** The caller of a key that is known by its id, for sessions. */
  byId(tenantId: string, keyId: string): Principal | undefined;
  /** A user that is not disabled. */
  userById(tenantId: string, userId: string): DirectoryUser | undefined;
  /** A user, who may be disabled, by an address in lower case that somebody trustworthy has verified. */
  userByEmail(tenantId: string, email: string): DirectoryUser | undefined;
  /** Another one whenever users or keys have been read again. */
  readonly version: number;
  /** Rejects until the keys have been read once. */
  assertLoaded(): Promise<void>;
}

/** A key that the environment gives: valid as long as the process runs, never stored. */
export interface EnvironmentKey {
  readonly tenantId: string;
  readonly keyId: "env";
  readonly name: string;
  readonly hash: Uint8Array;
}

interface Entry {
  readonly principal: Principal;
  readonly use: KeyUse;
}

interface People {
  readonly byId: ReadonlyMap<string, DirectoryUser>;
  readonly byEmail: ReadonlyMap<string, DirectoryUser>;
}

interface Keys {
  readonly byHash: Map<string, Entry>;
  readonly byId: Map<string, Principal>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const idOf = (tenantId: string, id: string): string => `${tenantId}/${id}`;
class Snapshot implements KeySnapshot {
  readonly #directory: Directory;
  readonly #environmentKey: EnvironmentKey | undefined;
  readonly #uses: KeyUses;
  #keys: Keys = { byHash: new Map(), byId: new Map() };
  #people: People = { byId: new Map(), byEmail: new Map() };
  #version = -1;

  constructor(options: KeySnapshotOptions) {
    this.#directory = options.directory;
    this.#environmentKey = options.environmentKey;
    this.#uses = options.uses;
  }

  byHash(hash: string): Principal | undefined {
    const entry = this.#keys.byHash.get(hash);
    if (!entry) return undefined;
    const now = Date.now();
    if (entry.principal.expiresAt <= now) return undefined;
    entry.use.at = now;
    return entry.principal;
  }

  byId(tenantId: string, keyId: string): Principal | undefined {
    const principal = this.#keys.byId.get(idOf(tenantId, keyId));
    return principal && principal.expiresAt > Date.now() ? principal : undefined;
  }

  userById(tenantId: string, userId: string): DirectoryUser | undefined {
    return this.#people.byId.get(idOf(tenantId, userId));
  }

  userByEmail(tenantId: string, email: string): DirectoryUser | undefined {
    return this.#people.byEmail.get(idOf(tenantId, email));
  }

  get version(): number {
    return this.#version;
  }

  assertLoaded(): Promise<void> {
    return this.#version === -1 ? Promise.reject(new Error("the API keys have not been read yet")) : Promise.resolve();
  }

  /** Reads users and keys again if any was made, changed or revoked since. Rejects when they cannot be read; the old ones stay. */
  async follow({ keys: version }: DirectoryVersions): Promise<void> {
    if (version === this.#version) return;
    const [users, keys] = await Promise.all([this.#directory.users(), this.#directory.activeKeys()]);
    const people = {
      byId: new Map(users.filter(({ disabled }) => !disabled).map((user) => [idOf(user.tenantId, user.id), user])),
      byEmail: new Map(users.map((user) => [idOf(user.tenantId, user.email), user])),
    };
    const next: Keys = { byHash: new Map(), byId: new Map() };
    for (const key of keys) this.#add(next, people, key);
    this.#addEnvironmentKey(next);
    this.#people = people;
    this.#keys = next;
    this.#version = version;
  }

  #add(keys: Keys, people: People, key: DirectoryKey): void {
    const { tenantId, keyId, name: keyName, role, userId } = key;
    const user = userId === null ? undefined : people.byId.get(idOf(tenantId, userId));
    // The key of a user who is disabled is out of force with its user.
    if (userId !== null && !user) return;
    const scopes = scopesOf(key.scopes) ?? ALL_PERMISSIONS;
    // A key never permits more than its user may do today.
    const narrowed = user ? scopes & permissionsOfRole(user.role) : scopes;
    const expiresAt = key.expiresAt?.getTime() ?? Infinity;
    const parts = { tenantId, keyId, keyName, userId, role, scopes: narrowed };
    const use = this.#uses.of(tenantId, keyId);
    keys.byHash.set(hex(key.hash), { principal: createPrincipal({ ...parts, via: "key", expiresAt }), use });
    keys.byId.set(idOf(tenantId, keyId), createPrincipal({ ...parts, via: "session", expiresAt }));
    if (key.previousHash === null || key.previousExpiresAt === null) return;
    const until = Math.min(key.previousExpiresAt.getTime(), expiresAt);
    keys.byHash.set(hex(key.previousHash), {
      principal: createPrincipal({ ...parts, via: "key", expiresAt: until }),
      use,
    });
  }

  #addEnvironmentKey(keys: Keys): void {
    if (!this.#environmentKey) return;
    const { tenantId, keyId, name: keyName, hash } = this.#environmentKey;
    const parts = { tenantId, keyId, keyName, role: "owner", beside: ALL_PERMISSIONS } as const;
    // It has no row, so its uses are written nowhere.
    const use = { tenantId, keyId, at: 0 };
    keys.byHash.set(hex(hash), { principal: createPrincipal({ ...parts, via: "key" }), use });
    keys.byId.set(idOf(tenantId, keyId), createPrincipal({ ...parts, via: "session" }));
  }
}

export interface KeySnapshotOptions {
  readonly directory: Directory;
  readonly environmentKey: EnvironmentKey | undefined;
  readonly uses: KeyUses;
}

/** An empty snapshot; it has keys once a change feed has been refreshed that it follows. */
export function createKeySnapshot(options: KeySnapshotOptions): KeySnapshot {
  return new Snapshot(options);
}
