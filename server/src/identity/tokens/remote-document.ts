import type { FetchLike } from "#egress/as-fetch.ts";

/** Bounds of a document that is read from an issuer. */
export interface DocumentBounds {
  /** Bytes of the answer. */
  readonly maxBytes: number;
  /** Milliseconds of one attempt, answer included. */
  readonly timeoutMs: number;
  /** Milliseconds after which it is read again, while the old one stays in use. */
  readonly freshMs: number;
  /** Milliseconds after which one that could not be read again is no longer used. */
  readonly staleMs: number;
  /** Milliseconds between two attempts, whatever asks for them. */
  readonly cooldownMs: number;
}

export const DOCUMENT_BOUNDS: DocumentBounds = {
  maxBytes: 256 * 1024,
  timeoutMs: 5000,
  freshMs: 10 * 60_000,
  staleMs: 24 * 3_600_000,
  cooldownMs: 10_000,
};

/** How a document is read and understood. */
export interface DocumentSource<T> {
  /** Its address, asked at every attempt. */
  readonly url: () => Promise<string>;
  readonly fetch: FetchLike;
  readonly read: (json: unknown) => Promise<T> | T;
  readonly bounds: DocumentBounds;
  readonly now: () => number;
  /** Told of every attempt that failed. */
  readonly onFailure: (error: unknown) => void;
}

/** The JSON at the address. Rejects when there is none, it is late, redirected, or larger than the bound. */
async function fetchJson(source: Pick<DocumentSource<unknown>, "fetch" | "bounds">, url: string): Promise<unknown> {
  const { maxBytes, timeoutMs } = source.bounds;
  const response = await source.fetch(url, {
    method: "GET",
    headers: { accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${url} answers ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${url} answers with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
}

/**
 * A document of an issuer's, in memory: read when it is first needed, again when it has aged or somebody misses something in it,
 * by one attempt at a time and not before the cooldown is over. An issuer that is away leaves the last one in use, for a time.
 */
export class RemoteDocument<T> {
  readonly #source: DocumentSource<T>;
  #value: T | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #attempt: Promise<void> | undefined;

  constructor(source: DocumentSource<T>) {
    this.#source = source;
  }

  /** What is in memory, unless it is too old to be used. Begins to read it again when it has aged, and waits for nothing. */
  get current(): T | undefined {
    const age = this.#source.now() - this.#readAt;
    const { freshMs, staleMs } = this.#source.bounds;
    if (age > freshMs) void this.refresh();
    return age <= staleMs ? this.#value : undefined;
  }

  /** What is in memory, or what an attempt brings; undefined when it cannot be had now. */
  async get(): Promise<T | undefined> {
    const held = this.current;
    if (held !== undefined) return held;
    await this.refresh();
    return this.current;
  }

  /** Waits for the attempt that runs, or for a new one; at once while the cooldown lasts. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#attempt === undefined) {
      const now = this.#source.now();
      if (now - this.#triedAt < this.#source.bounds.cooldownMs) return;
      this.#triedAt = now;
      this.#attempt = this.#read().finally(() => (this.#attempt = undefined));
    }
    await this.#attempt;
  }

  async #read(): Promise<void> {
    const { url, read, now, onFailure } = this.#source;
    try {
      const begun = now();
      this.#value = await read(await fetchJson(this.#source, await url()));
      this.#readAt = begun;
    } catch (error) {
      onFailure(error);
    }
  }
}
