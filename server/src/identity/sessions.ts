import { hash, randomBytes } from "node:crypto";
import { BoundedMap } from "#lib/bounded-map.ts";
import { newId } from "#lib/ids.ts";
import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectorySession, DirectoryVersions } from "#store/directory.ts";
import type { Sessions as SessionStore } from "#store/sessions.ts";
import type { Principal } from "./principal.ts";
import { csrfTokenOf, type OwnCookie, SESSION_TOKEN, sessionCookie } from "./session-cookie.ts";

/** A signed-in console user. */
export interface Session {
  readonly id: string;
  readonly principal: Principal;
  readonly expiresAt: Date;
  /** See `csrfTokenOf`. */
  readonly csrfToken: string;
}

/** Makes principals of what a session's row says. */
export interface SessionCallers {
  /** What is written into the row. */
  readonly write: (principal: Principal) => object;
  /** The principal as it is now; undefined when its key or user is gone, or the row says nothing that is understood. */
  readonly read: (session: DirectorySession) => Principal | undefined;
}

/** Console sessions: rows of the store, in the memory of every server, known by the hash of a token that only the browser has. */
export interface Sessions extends Follower {
  /** Opens a session for the principal; it is known here when this resolves, and to other servers within a second. */
  open(
    principal: Principal,
    options: { readonly https: boolean },
  ): Promise<{ readonly session: Session; readonly setCookie: string }>;
  /** The session of a `Cookie` header; undefined when there is none, or it has ended. Asks no database. */
  read(cookieHeader: string | undefined): Session | undefined;
  /** What to wait for before a session of this header can be known that another server has opened; undefined nearly always. */
  prepare(cookieHeader: string): Promise<void> | undefined;
  /** Ends the session here at once and elsewhere within a second. */
  close(session: Session): Promise<void>;
  /** Ends all sessions of this owner. */
  closeAll(owner: Pick<Principal, "tenantId" | "keyId">): Promise<number>;
  /** The `Set-Cookie` values that close any session of this server. */
  closingCookies(): readonly string[];
}

/** How long sessions last. */
export interface SessionBounds {
  /** Seconds without any request. */
  readonly idleSeconds: number;
  /** Seconds in all. */
  readonly lifetimeSeconds: number;
}

/** What sessions are made of. */
export interface SessionsOptions {
  readonly store: SessionStore;
  readonly directory: Pick<Directory, "sessionsSince">;
  readonly callers: SessionCallers;
  readonly bounds: SessionBounds;
  /** Reads what has changed in the store. */
  readonly refresh: () => Promise<void>;
  /** Whether cookies may live without https. */
  readonly plainCookies: boolean;
  /** Told when the end of idleness could not be moved. */
  readonly onFailure: (error: unknown) => void;
  readonly now?: () => number;
}

/** Live sessions of one owner; signing in once more ends the oldest. */
const MOST_PER_OWNER = 20;
/** Sessions in memory; the longest unchanged is forgotten and must sign in again. */
const MOST_SESSIONS = 50_000;
const PAGE = 5_000;
// An end of idleness is moved when an eighth of the time is over: a session that is used costs eight statements an idle time.
const MOVES = 8;
/** Tokens that nobody knows and the store was asked about once. */
const MOST_UNKNOWN = 10_000;
const ASK_AGAIN_MS = 30_000;

interface Live {
  readonly row: DirectorySession;
  idleUntil: number;
}

function digestOf(token: string): string {
  return hash("sha256", token, "hex");
}

class StoredSessions implements Sessions {
  readonly #options: SessionsOptions;
  readonly #now: () => number;
  readonly #cookie: OwnCookie;
  #live = new BoundedMap<string, Live>(MOST_SESSIONS);
  readonly #unknown = new BoundedMap<string, number>(MOST_UNKNOWN);
  #seen = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#cookie = sessionCookie(options.plainCookies);
  }

  async open(principal: Principal, { https }: { readonly https: boolean }) {
    const { store, callers, bounds, refresh } = this.#options;
    const token = randomBytes(32).toString("base64url");
    const now = this.#now();
    // A session outlives neither its own bound nor the key or token that the caller proved itself by.
    const expiresAt = Math.min(now + bounds.lifetimeSeconds * 1000, principal.expiresAt);
    const row = {
      id: newId("ses"),
      tokenHash: Buffer.from(digestOf(token), "hex"),
      owner: principal.keyId,
      caller: callers.write(principal),
      idleUntil: new Date(Math.min(now + bounds.idleSeconds * 1000, expiresAt)),
      expiresAt: new Date(expiresAt),
    };
    await store.create(principal.tenantId, row, MOST_PER_OWNER);
    await refresh();
    const session = this.#ofToken(token);
    if (!session) throw new Error("a session was stored and is not known");
    const seconds = Math.max(1, Math.floor((expiresAt - now) / 1000));
    return { session, setCookie: this.#cookie.write(token, { https, seconds }) };
  }

  read(cookieHeader: string | undefined): Session | undefined {
    const token = this.#tokenOf(cookieHeader);
    return token === undefined ? undefined : this.#ofToken(token);
  }

  prepare(cookieHeader: string): Promise<void> | undefined {
    const token = this.#tokenOf(cookieHeader);
    if (token === undefined) return undefined;
    const digest = digestOf(token);
    const now = this.#now();
    if (this.#live.get(digest) || (this.#unknown.get(digest) ?? 0) > now) return undefined;
    this.#unknown.set(digest, now + ASK_AGAIN_MS);
    // All who ask at once share one look; one that fails leaves what was known.
    return this.#options.refresh().catch(() => {});
  }

  async close({ id, principal }: Session): Promise<void> {
    await this.#options.store.revoke(principal.tenantId, id);
    await this.#options.refresh();
  }

  async closeAll({ tenantId, keyId }: Pick<Principal, "tenantId" | "keyId">): Promise<number> {
    const closed = await this.#options.store.revokeAll(tenantId, keyId);
    await this.#options.refresh();
    return closed;
  }

  closingCookies(): readonly string[] {
    return this.#cookie.remove();
  }

  async follow({ sessions: version }: DirectoryVersions): Promise<void> {
    // A database that was put back to an earlier state counts from there.
    if (version < this.#seen) {
      this.#live = new BoundedMap(MOST_SESSIONS);
      this.#seen = 0;
    }
    while (version > this.#seen) {
      const rows = await this.#options.directory.sessionsSince(this.#seen, PAGE);
      for (const row of rows) this.#take(row);
      this.#seen = rows.length === PAGE ? (rows.at(-1)?.change ?? version) : version;
    }
  }

  #take(row: DirectorySession): void {
    const digest = Buffer.from(row.tokenHash).toString("hex");
    if (row.revoked || row.expiresAt.getTime() <= this.#now()) this.#live.delete(digest);
    else this.#live.set(digest, { row, idleUntil: row.idleUntil.getTime() });
  }

  #tokenOf(cookieHeader: string | undefined): string | undefined {
    const token = cookieHeader === undefined ? undefined : this.#cookie.read(cookieHeader);
    return token !== undefined && SESSION_TOKEN.test(token) ? token : undefined;
  }

  #ofToken(token: string): Session | undefined {
    const digest = digestOf(token);
    const live = this.#live.get(digest);
    if (!live) return undefined;
    const now = this.#now();
    const { row } = live;
    if (now >= live.idleUntil || now >= row.expiresAt.getTime()) {
      this.#live.delete(digest);
      return undefined;
    }
    const principal = this.#options.callers.read(row);
    if (!principal) return undefined;
    this.#used(live, now);
    return { id: row.id, principal, expiresAt: row.expiresAt, csrfToken: csrfTokenOf(token) };
  }

  #used(live: Live, now: number): void {
    const { bounds, store, onFailure } = this.#options;
    const { row } = live;
    const end = row.expiresAt.getTime();
    const until = Math.min(now + bounds.idleSeconds * 1000, end);
    const step = until === end ? 1 : (bounds.idleSeconds * 1000) / MOVES;
    if (until - live.idleUntil < step) return;
    live.idleUntil = until;
    store.touch(row.tenantId, row.id, new Date(until)).catch(onFailure);
  }
}

/** No sessions yet; those of the store come with the change feed that this follows. */
export function createSessions(options: SessionsOptions): Sessions {
  return new StoredSessions(options);
}
