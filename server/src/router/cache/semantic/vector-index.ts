import { product } from "./unit-vector.ts";

/** What the index may hold. Beyond a bound, what was used longest ago goes first: the shelf's own, the tenant's own, then anyone's. */
export interface IndexBounds {
  readonly bytes: number;
  readonly tenantBytes: number;
  readonly tenantEntries: number;
  /** Also bounds how many vectors one search compares. */
  readonly shelfEntries: number;
}

/** One answered question. */
export interface IndexEntry {
  readonly tenantId: string;
  /** What must be equal for the answer to do: only vectors on one shelf are compared. */
  readonly shelf: string;
  /** The name of the answer. Unique. */
  readonly key: string;
  readonly vector: Float32Array;
  /** When the answer was whole and when it is given no more, in milliseconds since the epoch. */
  readonly at: number;
  readonly expiresAt: number;
}

/** What came nearest. */
export interface Nearest {
  readonly key: string;
  /** The cosine. */
  readonly similarity: number;
}

// What an entry costs besides its vector: texts, and its places in three maps.
const ENTRY_BYTES = 600;

const sizeOf = ({ vector }: IndexEntry): number => vector.byteLength + ENTRY_BYTES;

/** So much of a vector tells of most others that they cannot be near; longer ones are looked at in whole only where it does not. */
const HEAD_NUMBERS = 256;
/** What rounding may add to a bound. */
const ROUNDING = 1e-6;

/** The length of what comes after the head: no two tails have a product above that of their lengths (Cauchy and Schwarz). */
function tailOf(vector: Float32Array): number {
  return Math.sqrt(product(vector, vector, HEAD_NUMBERS, vector.length));
}

interface Placed extends IndexEntry {
  readonly tail: number;
}

interface Tenant {
  readonly entries: Map<string, Placed>;
  bytes: number;
}

/** Vectors of answered questions, shelf by shelf. A search compares with every vector of one shelf. */
export class VectorIndex {
  readonly #bounds: IndexBounds;
  // All three in order of use: a Map keeps the order of insertion, and what is used is inserted anew.
  readonly #all = new Map<string, Placed>();
  readonly #tenants = new Map<string, Tenant>();
  readonly #shelves = new Map<string, Map<string, Placed>>();
  #bytes = 0;

  constructor(bounds: IndexBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#all.size;
  }

  /** Takes the entry in the place of an older one with its key; one that is larger than all may be is left out. */
  add(entry: IndexEntry): void {
    this.delete(entry.key);
    const { bytes, tenantBytes, tenantEntries, shelfEntries } = this.#bounds;
    const size = sizeOf(entry);
    if (size > Math.min(bytes, tenantBytes)) return;
    const shelf = this.#shelves.get(entry.shelf);
    if (shelf && shelf.size >= shelfEntries) this.#deleteOldest(shelf);
    const tenant = this.#tenantOf(entry);
    const tooMuch = (): boolean => tenant.entries.size >= tenantEntries || tenant.bytes + size > tenantBytes;
    while (tooMuch()) this.#deleteOldest(tenant.entries);
    while (this.#bytes + size > bytes) this.#deleteOldest(this.#all);
    this.#insert({ ...entry, tail: tailOf(entry.vector) });
    this.#bytes += size;
    this.#tenantOf(entry).bytes += size;
  }

  /**
   * The entry of the shelf that is nearest to this unit vector and at least so near, of those from `from` on that have not expired
   * by `now`. Vectors of other lengths have nothing in common with it.
   */
  nearest(
    shelf: string,
    vector: Float32Array,
    { least, from, now }: { readonly least: number; readonly from: number; readonly now: number },
  ): Nearest | undefined {
    const { length } = vector;
    const head = Math.min(HEAD_NUMBERS, length);
    const tail = tailOf(vector);
    let best: Nearest | undefined;
    let bar = least - ROUNDING;
    for (const entry of this.#shelves.get(shelf)?.values() ?? []) {
      if (entry.expiresAt <= now) {
        this.delete(entry.key);
        continue;
      }
      if (entry.at < from || entry.vector.length !== length) continue;
      const first = product(vector, entry.vector, 0, head);
      if (first + tail * entry.tail + ROUNDING < bar) continue;
      const similarity = Math.min(1, first + product(vector, entry.vector, head, length));
      if (similarity < bar || (best !== undefined && similarity <= best.similarity)) continue;
      best = { key: entry.key, similarity };
      bar = similarity;
    }
    return best;
  }

  /** Its answer was given: it is the last to go. */
  touch(key: string): void {
    const entry = this.#all.get(key);
    if (!entry) return;
    for (const map of this.#mapsOf(entry)) map.delete(key);
    this.#insert(entry);
  }

  delete(key: string): void {
    const entry = this.#all.get(key);
    if (!entry) return;
    const tenant = this.#tenantOf(entry);
    for (const map of this.#mapsOf(entry)) map.delete(key);
    const size = sizeOf(entry);
    this.#bytes -= size;
    tenant.bytes -= size;
    if (tenant.entries.size === 0) this.#tenants.delete(entry.tenantId);
    if (this.#shelves.get(entry.shelf)?.size === 0) this.#shelves.delete(entry.shelf);
  }

  #deleteOldest(entries: ReadonlyMap<string, IndexEntry>): void {
    for (const key of entries.keys()) return this.delete(key);
  }

  #insert(entry: Placed): void {
    for (const map of this.#mapsOf(entry)) map.set(entry.key, entry);
  }

  #mapsOf(entry: IndexEntry): readonly Map<string, Placed>[] {
    let shelf = this.#shelves.get(entry.shelf);
    if (!shelf) {
      shelf = new Map<string, Placed>();
      this.#shelves.set(entry.shelf, shelf);
    }
    return [this.#all, this.#tenantOf(entry).entries, shelf];
  }

  #tenantOf({ tenantId }: IndexEntry): Tenant {
    let tenant = this.#tenants.get(tenantId);
    if (!tenant) {
      tenant = { entries: new Map(), bytes: 0 };
      this.#tenants.set(tenantId, tenant);
    }
    return tenant;
  }
}
