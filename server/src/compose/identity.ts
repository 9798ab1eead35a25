import { join } from "node:path";
import type { Config } from "#config/config.ts";
import { createAuthenticate } from "#identity/authenticate.ts";
import { createKeySnapshot, type EnvironmentKey } from "#identity/key-snapshot.ts";
import { createKeyUses } from "#identity/key-uses.ts";
import { createSessions } from "#identity/sessions.ts";
import { apiKeyDigest, hashApiKey, mintApiKey, prefixOf } from "#keys/api-key.ts";
import { loadMasterKey, type MasterKey } from "#keys/master-key.ts";
import { createSealer } from "#keys/seal.ts";
import type { createStore } from "#store/create-store.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";

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

/** Who may call: keys in memory, sessions of the console, and the making of new keys. */
export function composeIdentity(config: Config, master: MasterKey, store: ReturnType<typeof createStore>, log: Logger) {
  const hashKey = (key: string): Uint8Array => hashApiKey(master.apiKeyPepper, key);
  const { apiKey } = config.keys;
  const environmentKey: EnvironmentKey | undefined =
    apiKey === undefined
      ? undefined
      : { tenantId: DEFAULT_TENANT, keyId: "env", name: "API_KEY", hash: hashKey(apiKey) };
  const uses = createKeyUses({
    write: (used) => store.apiKeys.recordUses(used),
    onFailure: (error) =>
      log.warn({ error: describeError(error) }, "when keys were last used could not be written yet"),
  });
  const snapshot = createKeySnapshot({ directory: store.directory, environmentKey, uses });
  const sessions = createSessions({ keys: snapshot, sealer: createSealer(master.cookieSealing, "session") });
  const authenticate = createAuthenticate({
    keys: snapshot,
    sessions,
    hashKey: (key) => apiKeyDigest(master.apiKeyPepper, key),
  });
  const mint = () => {
    const key = mintApiKey();
    return { key, prefix: prefixOf(key), hash: hashKey(key) };
  };
  return { snapshot, uses, sessions, authenticate, mint };
}
