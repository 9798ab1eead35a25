// A worker that asks is given more than it needs while there is plenty, so that it asks seldom.
const SHARES = 4;

/** Places of one kind: those that are free, and how many each worker has been given. Their sum never changes. */
export class PlacePool {
  readonly #block: number;
  readonly #plenty: number;
  readonly #given = new Map<number, number>();
  #free: number;

  constructor(capacity: number, workers: number) {
    this.#free = capacity;
    this.#block = Math.max(1, Math.floor(capacity / (workers * SHARES)));
    this.#plenty = capacity / 2;
  }

  get free(): number {
    return this.#free;
  }

  /** True when every place is free. */
  get idle(): boolean {
    return this.#given.size === 0;
  }

  /** Workers that have places. */
  holders(): Iterable<number> {
    return this.#given.keys();
  }

  /** Gives as many as there are of those that are needed, and some more while most are free. */
  take(worker: number, need: number): number {
    if (need === 0) return 0;
    const wish = this.#free > this.#plenty ? Math.max(need, this.#block) : need;
    const taken = Math.min(this.#free, wish);
    if (taken === 0) return 0;
    this.#free -= taken;
    this.#given.set(worker, (this.#given.get(worker) ?? 0) + taken);
    return taken;
  }

  /** Takes places back, never more than the worker was given. */
  give(worker: number, count: number): void {
    const given = this.#given.get(worker) ?? 0;
    const back = Math.min(given, count);
    this.#free += back;
    if (given === back) this.#given.delete(worker);
    else this.#given.set(worker, given - back);
  }

  /** Takes back everything that the worker was given. */
  gone(worker: number): void {
    this.give(worker, this.#given.get(worker) ?? 0);
  }
}
