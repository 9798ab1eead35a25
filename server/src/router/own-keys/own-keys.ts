import { BoundedMap } from "#lib/bounded-map.ts";
import type { Provider } from "#providers/provider.ts";
import type { Follower } from "#store/change-feed.ts";
import type { Directory, DirectoryVersions } from "#store/directory.ts";
import { type OpenKey, OwnKeyProvider } from "./own-key-provider.ts";

/** Keys that tenants have with vendors themselves, on their way to the calls of these tenants. */
export interface OwnKeys extends Follower {
  /** The provider as this tenant calls it: by its own key where it has one, else as it is. */
  of(tenantId: string, provider: Provider): Provider;
}

/** What the keys are followed with. */
export interface OwnKeysOptions {
  readonly directory: Pick<Directory, "providerKeys">;
  /** Decrypts a key; rejects with a SlipwayError. Never asked for a tenant without a key. */
  readonly openKey: OpenKey;
  /** Decrypted keys in memory, the one that was decrypted longest ago going first. */
  readonly mostOpen?: number;
}

const MOST_OPEN = 1000;

interface Held {
  readonly version: string;
  /** Made when the tenant calls the provider for the first time. */
  provider: OwnKeyProvider | undefined;
}

class Snapshot implements OwnKeys {
  readonly #options: OwnKeysOptions;
  readonly #opened: BoundedMap<OwnKeyProvider, Provider>;
  #version = -1;
  #tenants: ReadonlyMap<string, ReadonlyMap<string, Held>> = new Map();

  constructor(options: OwnKeysOptions) {
    this.#options = options;
    this.#opened = new BoundedMap(options.mostOpen ?? MOST_OPEN);
  }

  of(tenantId: string, provider: Provider): Provider {
    const held = this.#tenants.get(tenantId)?.get(provider.name);
    if (held === undefined || provider.withKey === undefined) return provider;
    const { openKey } = this.#options;
    return (held.provider ??= new OwnKeyProvider(
      { tenantId, version: held.version, base: provider, openKey },
      this.#opened,
    ));
  }

  async follow({ providerKeys: version }: DirectoryVersions): Promise<void> {
    if (version === this.#version) return;
    const tenants = new Map<string, Map<string, Held>>();
    for (const { tenantId, provider, version: keyVersion } of await this.#options.directory.providerKeys()) {
      const before = this.#tenants.get(tenantId)?.get(provider);
      const own = tenants.get(tenantId) ?? new Map<string, Held>();
      own.set(provider, before?.version === keyVersion ? before : { version: keyVersion, provider: undefined });
      tenants.set(tenantId, own);
    }
    for (const [tenantId, own] of this.#tenants) {
      for (const [name, held] of own) {
        // A key that was replaced or removed does not stay in memory.
        if (held.provider && tenants.get(tenantId)?.get(name) !== held) this.#opened.delete(held.provider);
      }
    }
    this.#tenants = tenants;
    this.#version = version;
  }
}

/** Follows which tenants have keys of their own. A key is decrypted when its tenant first calls. */
export function createOwnKeys(options: OwnKeysOptions): OwnKeys {
  return new Snapshot(options);
}
