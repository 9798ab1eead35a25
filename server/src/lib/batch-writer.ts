/** Settings of a {@link BatchWriter}. */
export interface BatchWriterOptions<Item> {
  /** Writes all or none; a rejection keeps the items and tries again. Must be idempotent. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  /** Items that may wait. */
  readonly maxQueue: number;
  /** Items of one write. */
  readonly maxBatch: number;
  /** Milliseconds that an item may wait for company; with 0 those make up a group that come in one turn of the event loop, or during a write. */
  readonly intervalMs: number;
  /** Milliseconds between tries after a failure; doubles from the least to the most, with jitter. */
  readonly retryMs: { readonly least: number; readonly most: number };
  /** Told of each failed write; `attempt` counts from 1 since the last success. */
  readonly onFailure: (error: unknown, attempt: number) => void;
}

/**
 * Gathers items and writes them in groups, in order, one write at a time. The queue is bounded: `push` answers false when
 * it is full, and `nearlyFull` tells early enough to stop taking work in.
 */
export class BatchWriter<Item> {
  readonly #options: BatchWriterOptions<Item>;
  /** The items in groups of `maxBatch`, the oldest first: a long queue is never copied. The first one is being written while `#writing`. */
  readonly #groups: Item[][] = [];
  #length = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #writing = false;
  #closed = false;
  #failures = 0;
  #waiting: (() => void)[] = [];

  constructor(options: BatchWriterOptions<Item>) {
    this.#options = options;
  }

  /** Items that wait or are being written. */
  get length(): number {
    return this.#length;
  }

  /** True when less than a tenth of the queue is free. */
  get nearlyFull(): boolean {
    return this.#length >= this.#options.maxQueue * 0.9;
  }

  /** False when the queue is full or closed; the item is then not taken. */
  push(item: Item): boolean {
    const { maxQueue, maxBatch, intervalMs } = this.#options;
    if (this.#closed || this.#length >= maxQueue) return false;
    const last = this.#groups.at(-1);
    // What is being written was handed out as it stood: nothing may join it.
    if (last === undefined || last.length >= maxBatch || (this.#writing && this.#groups.length === 1)) {
      this.#groups.push([item]);
    } else {
      last.push(item);
    }
    this.#length += 1;
    // After a failure the next try is due already: what comes meanwhile must not hasten it.
    if (this.#failures === 0) this.#schedule(this.#length >= maxBatch ? 0 : intervalMs);
    return true;
  }

  /** Resolves when everything pushed so far is written, or after `timeoutMs`; true when it is written. */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#length === 0) return true;
    this.#schedule(0);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#waiting.push(resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs))),
    ]);
    clearTimeout(timer);
    return this.#length === 0;
  }

  /** Flushes, takes nothing more, and answers what could not be written. */
  async close(timeoutMs: number): Promise<readonly Item[]> {
    await this.flush(timeoutMs);
    this.#closed = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    return this.#groups.flat();
  }

  /** A timer of 0 ms is one of 1 ms, and one that is set again with each item would wait for a pause between them: so at once is an immediate. */
  #schedule(delayMs: number): void {
    if (this.#writing || this.#immediate !== undefined || (this.#timer !== undefined && delayMs > 0)) return;
    const write = () => {
      this.#timer = undefined;
      this.#immediate = undefined;
      void this.#write();
    };
    clearTimeout(this.#timer);
    if (delayMs === 0) this.#immediate = setImmediate(write);
    else this.#timer = setTimeout(write, delayMs).unref();
  }

  async #write(): Promise<void> {
    const items = this.#groups[0];
    if (this.#writing || items === undefined || this.#closed) return;
    this.#writing = true;
    try {
      await this.#options.write(items);
      this.#groups.shift();
      this.#length -= items.length;
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      this.#options.onFailure(error, this.#failures);
    }
    this.#writing = false;
    if (this.#length === 0) {
      for (const resolve of this.#waiting.splice(0)) resolve();
    } else {
      this.#schedule(this.#failures === 0 ? 0 : this.#backoff());
    }
  }

  #backoff(): number {
    const { least, most } = this.#options.retryMs;
    const ceiling = Math.min(most, least * 2 ** Math.min(this.#failures - 1, 20));
    return Math.ceil(ceiling / 2 + (Math.random() * ceiling) / 2);
  }
}
