/** Bounds of reading on after a client has left. */
export interface DrainSettings {
  /** Milliseconds that one answer is read on; 0: never. */
  readonly timeMs: number;
  /** Answers that are read on at once in this process. */
  readonly atOnce: number;
}

/** Characters of one answer that are read after its client has left. */
export const MAX_DRAINED_CHARACTERS = 2_000_000;

/** A call that is read on without a client. */
export interface Drained {
  /** Time is up: stop the upstream and book what is known. */
  giveUp(): void;
}

/**
 * The calls that are read on after their clients have left. They hold no place of admission: the client's request is over and
 * its place free, and what runs here has a bound of its own. Beyond it a call is stopped and estimated instead.
 */
export class Drains {
  readonly #settings: DrainSettings;
  readonly #running = new Map<Drained, NodeJS.Timeout>();
  #closed = false;
  #whenEmpty: (() => void) | undefined;

  constructor(settings: DrainSettings) {
    this.#settings = settings;
  }

  /** Calls that are being read on. */
  get running(): number {
    return this.#running.size;
  }

  /** False when there is no room, or reading on is switched off or over. Otherwise `giveUp` is called once, unless `done` was before. */
  take(call: Drained): boolean {
    const { timeMs, atOnce } = this.#settings;
    if (this.#closed || timeMs === 0 || this.#running.size >= atOnce) return false;
    this.#running.set(
      call,
      setTimeout(() => this.#giveUp(call), timeMs),
    );
    return true;
  }

  /** The call has ended by itself. */
  done(call: Drained): void {
    const timer = this.#running.get(call);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#running.delete(call);
    if (this.#running.size === 0) this.#whenEmpty?.();
  }

  /** Takes no more, waits for what runs, at most `graceMs`, and gives the rest up. */
  async settle(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#running.size > 0 && graceMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
    }
    for (const call of this.#running.keys()) this.#giveUp(call);
  }

  #giveUp(call: Drained): void {
    if (!this.#running.has(call)) return;
    this.done(call);
    call.giveUp();
  }
}
