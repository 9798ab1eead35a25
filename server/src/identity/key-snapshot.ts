import { hash } from "node:crypto";
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
  /** The caller of a key that is known by its id and the mark of the secret that opened the session; undefined once that secret is over. */
  byMark(tenantId: string, keyId: string, mark: string): Principal | undefined;
  /** The mark of the secret by which this caller, one that `byHash` answered, is known now. */
  markOf(principal: Principal): string | undefined;
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
  readonly hash: Uint8Array;
  readonly use: KeyUse;
}

interface People {
  readonly byId: ReadonlyMap<string, DirectoryUser>;
  readonly byEmail: ReadonlyMap<string, DirectoryUser>;
}

interface Keys {
  readonly byHash: Map<string, Entry>;
  /** The secrets of a key that are good, the present one first. */
  readonly byId: Map<string, Entry[]>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const idOf = (tenantId: string, id: string): string => `${tenantId}/${id}`;

/** What a session remembers of the secret that opened it: neither the secret nor its hash. */
function markOf(keyHash: Uint8Array): string {
  return hash("sha256", keyHash, "base64url").slice(0, 22);
}

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

  byMark(tenantId: string, keyId: string, mark: string): Principal | undefined {
    const entries = this.#keys.byId.get(idOf(tenantId, keyId));
    const principal = entries?.find(({ hash: one }) => markOf(one) === mark)?.principal;
    return principal && principal.expiresAt > Date.now() ? principal : undefined;
  }

  markOf(principal: Principal): string | undefined {
    const entries = this.#keys.byId.get(idOf(principal.tenantId, principal.keyId));
    const entry = entries?.find((one) => one.principal === principal);
    return entry && markOf(entry.hash);
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
    const parts = { tenantId, keyId, keyName, via: "key", userId, role, scopes: narrowed } as const;
    const use = this.#uses.of(tenantId, keyId);
    put(keys, { principal: createPrincipal({ ...parts, expiresAt }), hash: key.hash, use });
    if (key.previousHash === null || key.previousExpiresAt === null) return;
    const until = Math.min(key.previousExpiresAt.getTime(), expiresAt);
    put(keys, { principal: createPrincipal({ ...parts, expiresAt: until }), hash: key.previousHash, use });
  }

  #addEnvironmentKey(keys: Keys): void {
    if (!this.#environmentKey) return;
    const { tenantId, keyId, name: keyName, hash: keyHash } = this.#environmentKey;
    const parts = { tenantId, keyId, keyName, via: "key", role: "owner", beside: ALL_PERMISSIONS } as const;
    // It has no row, so its uses are written nowhere.
    put(keys, { principal: createPrincipal(parts), hash: keyHash, use: { tenantId, keyId, at: 0 } });
  }
}

function put({ byHash, byId }: Keys, entry: Entry): void {
  const { tenantId, keyId } = entry.principal;
  byHash.set(hex(entry.hash), entry);
  const id = idOf(tenantId, keyId);
  const others = byId.get(id);
  if (others) others.push(entry);
  else byId.set(id, [entry]);
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
