import type { ApiKeyUse } from "#store/api-keys.ts";

/** When one key was last used. Written by requests, so it is one field and nothing else. */
export interface KeyUse {
  readonly tenantId: string;
  readonly keyId: string;
  /** Milliseconds since the epoch; 0 when it was not used since the server began. */
  at: number;
}

/** The last uses of keys, on their way to the database. */
export interface KeyUses {
  /** The mark of this key, the same one each time. */
  of(tenantId: string, keyId: string): KeyUse;
  /** Writes what was used since the last time. Resolves whether or not the database took it. */
  flush(): Promise<void>;
  /** Writes for the last time, for at most this long. */
  close(timeoutMs: number): Promise<void>;
}

const EVERY_MS = 60_000;
/** Keys that one commit writes. */
const BATCH = 500;

class Uses implements KeyUses {
  readonly #marks = new Map<string, KeyUse>();
  readonly #written = new Map<KeyUse, number>();
  readonly #write: (uses: readonly ApiKeyUse[]) => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(options: KeyUsesOptions) {
    this.#write = options.write;
    this.#onFailure = options.onFailure;
    this.#timer = setInterval(() => void this.flush(), options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  of(tenantId: string, keyId: string): KeyUse {
    const id = `${tenantId}/${keyId}`;
    let mark = this.#marks.get(id);
    if (!mark) this.#marks.set(id, (mark = { tenantId, keyId, at: 0 }));
    return mark;
  }

  flush(): Promise<void> {
    this.#running ??= this.#flush().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async close(timeoutMs: number): Promise<void> {
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
  }

  async #flush(): Promise<void> {
    const used = [...this.#marks.values()].filter((mark) => mark.at > (this.#written.get(mark) ?? 0));
    for (let from = 0; from < used.length; from += BATCH) {
      const batch = used.slice(from, from + BATCH).map((mark) => ({ mark, at: mark.at }));
      try {
        await this.#write(
          batch.map(({ mark, at }) => ({ tenantId: mark.tenantId, keyId: mark.keyId, at: new Date(at) })),
        );
        for (const { mark, at } of batch) this.#written.set(mark, at);
      } catch (error) {
        // What was not written is newer than what is there, so the next time takes it along.
        this.#onFailure(error);
        return;
      }
    }
  }
}

export interface KeyUsesOptions {
  readonly write: (uses: readonly ApiKeyUse[]) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds between two writes; a minute. */
  readonly everyMs?: number;
}

/** Marks that requests write to in memory, and that are written to the database once a minute where they changed. Bounded by the number of keys. */
export function createKeyUses(options: KeyUsesOptions): KeyUses {
  return new Uses(options);
}
