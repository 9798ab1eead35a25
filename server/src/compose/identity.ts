import { join } from "node:path";
import type { Config } from "#config/config.ts";
import type { OpenSecrets } from "#config/secrets.ts";
import type { Egress } from "#egress/egress.ts";
import { createAuthenticate } from "#identity/authenticate.ts";
import { createKeySnapshot, type EnvironmentKey, type KeySnapshot } from "#identity/key-snapshot.ts";
import { createKeyUses } from "#identity/key-uses.ts";
import { createPreparedTokens, createPrepare } from "#identity/prepare.ts";
import type { Principal } from "#identity/principal.ts";
import type { TokenIssuer } from "#identity/tokens/issuer.ts";
import type { VerifiedCaller } from "#identity/tokens/grants.ts";
import { createSessionCallers } from "#identity/session-callers.ts";
import { createSessions } from "#identity/sessions.ts";
import { apiKeyDigest, hashApiKey, mintApiKey, prefixOf } from "#keys/api-key.ts";
import { loadMasterKey, type MasterKey } from "#keys/master-key.ts";
import { createSealer } from "#keys/seal.ts";
import type { Store } from "#store/store.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { declaredIssuers } from "./declared-issuers.ts";
import { outgoingToIssuers } from "./outgoing.ts";

/** The tenant of a server that nobody has divided yet, and of the key that the environment gives. */
export const DEFAULT_TENANT = "default";

/** The master key, from `ENCRYPTION_KEY` or a file below the home folder, which is made when there is none. */
export async function loadKeys(config: Config, log: Logger): Promise<MasterKey> {
  const master = await loadMasterKey({
    encryptionKey: config.keys.encryptionKey,
    keyFile: join(config.home, "keys", "master.key"),
  });
  if (master.created) {
    log.warn(
      { home: config.home },
      "made a new encryption key; whoever loses it loses the data: back up the folder, or set ENCRYPTION_KEY",
    );
  }
  return master;
}

/** What identity needs of the other rooms. */
export interface IdentityRooms {
  readonly master: MasterKey;
  readonly egress: Egress;
  readonly store: Store;
  readonly telemetry: { readonly log: Logger; readonly metrics: Metrics };
  /** Reads what has changed in the store; known when the change feed is. */
  readonly refresh: () => Promise<void>;
  /** The secrets of variables. */
  readonly secrets: OpenSecrets | undefined;
}

/** Who may call: keys in memory, tokens of issuers, sessions of the console, and the making of new keys. */
export async function composeIdentity(config: Config, rooms: IdentityRooms) {
  const { master, store, telemetry } = rooms;
  const hashKey = (key: string): Uint8Array => hashApiKey(master.apiKeyPepper, key);
  const { apiKey } = config.keys;
  const environmentKey: EnvironmentKey | undefined =
    apiKey === undefined
      ? undefined
      : { tenantId: DEFAULT_TENANT, keyId: "env", name: "API_KEY", hash: hashKey(apiKey) };
  const uses = createKeyUses({
    write: (used) => store.apiKeys.recordUses(used),
    onFailure: (error) =>
      telemetry.log.warn({ error: describeError(error) }, "when keys were last used could not be written yet"),
  });
  const snapshot = createKeySnapshot({ directory: store.directory, environmentKey, uses });
  const plainCookies = plainCookiesOf(config);
  const sessions = createSessions({
    store: store.sessions,
    directory: store.directory,
    callers: createSessionCallers({
      keys: snapshot,
      userById: (tenantId, userId) => snapshot.userById(tenantId, userId),
    }),
    bounds: config.identity.sessions,
    refresh: rooms.refresh,
    plainCookies,
    onFailure: (error) => telemetry.log.warn({ error: describeError(error) }, "a session's use could not be noted"),
  });
  const declared = await declaredIssuers(config, rooms.secrets);
  const issuers = await composeIssuers(config, declared.issuers, { ...rooms, snapshot }, plainCookies);
  const tokens = issuers && createPreparedTokens(issuers.verifier);
  const authenticate = createAuthenticate({
    keys: snapshot,
    sessions,
    hashKey: (key) => apiKeyDigest(master.apiKeyPepper, key),
    tokens,
  });
  const mint = () => {
    const key = mintApiKey();
    return { key, prefix: prefixOf(key), hash: hashKey(key) };
  };
  const signedIn = (caller: VerifiedCaller): Principal => {
    if (!issuers) throw new Error("somebody signed in without an issuer");
    return issuers.signedIn(caller);
  };
  const prepare = createPrepare(tokens, sessions);
  const { secrets } = declared;
  return { snapshot, uses, sessions, authenticate, prepare, issuers, signedIn, mint, secrets };
}

/** A cookie may live without https only where nobody says that this server is reached by it. */
function plainCookiesOf({ edge }: Config): boolean {
  return !edge.enforceHttps && !edge.publicOrigins.some((origin) => origin.startsWith("https:"));
}

/** Issuers' tokens and sign-in. Their libraries are loaded when an issuer is declared: most servers start without. */
async function composeIssuers(
  config: Config,
  issuers: readonly TokenIssuer[],
  rooms: IdentityRooms & { readonly snapshot: KeySnapshot },
  plainCookies: boolean,
) {
  const { snapshot } = rooms;
  if (issuers.length === 0) return undefined;
  const fetchFor = outgoingToIssuers(rooms.egress);
  const { composeTokens } = await import("./tokens.ts");
  const { log, metrics } = rooms.telemetry;
  const tokens = composeTokens(issuers, {
    log,
    metrics,
    cooldownMs: config.identity.keysCooldownMs,
    fetchFor,
    findUser: (tenantId, email) => snapshot.userByEmail(tenantId, email),
    usersVersion: () => snapshot.version,
  });
  if (!issuers.some(({ signIn }) => signIn)) return { ...tokens, signIn: undefined };
  const { createSignIn } = await import("#identity/sign-in/sign-in.ts");
  const sealer = createSealer(rooms.master.cookieSealing, "sign-in");
  const signIn = createSignIn({ issuers: tokens.trusted, fetchFor, sealer, plainCookies });
  return { ...tokens, signIn };
}
