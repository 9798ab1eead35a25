interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
  /** Milliseconds of the caller's clock. */
  readonly expiresAt: number;
}

// What an entry costs besides its value: the key's text and the map's own.
const ENTRY_BYTES = 200;

/** Values up to a bound of bytes in all; the least recently used go first. Holds no timer: what has expired goes when it is met or pushed out. */
export class ByteLru<Value> {
  readonly #maxBytes: number;
  // In order of use: a Map keeps the order of insertion, and what is used is inserted anew.
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes held, overhead included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The value, unless it has expired by `now`. */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.expiresAt <= now) {
      this.#bytes -= entry.bytes;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps the value, which takes `bytes`, in the place of the key's old one; false when it is larger than everything may be. */
  set(key: string, value: Value, bytes: number, expiresAt: number): boolean {
    this.delete(key);
    const size = bytes + ENTRY_BYTES;
    if (size > this.#maxBytes) return false;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes + size <= this.#maxBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
    }
    this.#entries.set(key, { value, bytes: size, expiresAt });
    this.#bytes += size;
    return true;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
