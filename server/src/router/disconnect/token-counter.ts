import { Worker } from "node:worker_threads";

/** Texts to count; what the thread is sent. */
export interface CountJob {
  readonly id: number;
  readonly texts: readonly string[];
}

/** What the thread answers. */
export interface CountResult {
  readonly id: number;
  readonly tokens: readonly number[];
}

/** Counts tokens of texts. `done` is called once, now or later. */
export interface TokenCounter {
  count(texts: readonly string[], done: (tokens: readonly number[]) => void): void;
  /** Answers everything within `graceMs`, and from then on at once and roughly. */
  settle(graceMs: number): Promise<void>;
}

// Most vocabularies need a token for about so many bytes of UTF-8, whatever the language; docs/reference/reliability.md has the error.
const BYTES_A_TOKEN = 4.2;
const MOST_WAITING = 1_000;
const PATIENCE_MS = 10_000;
const IDLE_MS = 30_000;
const AFTER_FAILURE_MS = 60_000;

/** Tokens by the length of the text alone. */
export function roughTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_A_TOKEN);
}

interface Waiting {
  readonly texts: readonly string[];
  readonly done: (tokens: readonly number[]) => void;
}

/**
 * Counts in a thread of its own, because loading a vocabulary takes half a second and counting a long text hundreds of
 * milliseconds. The thread begins with the first count and ends when there has been none for a while. Whatever goes wrong with it
 * (it fails, it is silent, too much waits) the texts are counted roughly by their length.
 */
export class ThreadTokenCounter implements TokenCounter {
  readonly #start: () => Worker;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #restAfter = 0;
  #lastId = 0;
  #closed = false;
  #whenEmpty: (() => void) | undefined;

  /** `start` makes the thread; tests hand in others. */
  constructor(start: () => Worker = startThread) {
    this.#start = start;
  }

  count(texts: readonly string[], done: (tokens: readonly number[]) => void): void {
    const worker = this.#closed || this.#waiting.size >= MOST_WAITING ? undefined : this.#thread();
    if (worker === undefined) return done(texts.map(roughTokens));
    this.#lastId += 1;
    const job: CountJob = { id: this.#lastId, texts };
    this.#waiting.set(job.id, { texts, done });
    worker.postMessage(job, []);
    if (this.#waiting.size === 1) this.#expect(PATIENCE_MS);
  }

  async settle(graceMs: number): Promise<void> {
    this.#closed = true;
    if (this.#waiting.size > 0 && graceMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
    }
    await this.#end();
  }

  #thread(): Worker | undefined {
    if (this.#worker === undefined && performance.now() >= this.#restAfter) {
      try {
        const worker = this.#start();
        worker.unref();
        worker.on("message", (result: CountResult) => this.#answer(result));
        worker.on("error", () => this.#failed(worker));
        worker.on("exit", () => this.#failed(worker));
        this.#worker = worker;
      } catch {
        this.#restAfter = performance.now() + AFTER_FAILURE_MS;
      }
    }
    return this.#worker;
  }

  #answer({ id, tokens }: CountResult): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#expect(this.#waiting.size > 0 ? PATIENCE_MS : IDLE_MS);
    waiting?.done(tokens);
    if (this.#waiting.size === 0) this.#whenEmpty?.();
  }

  /** Silence for so long ends the thread: with work waiting it hangs, without any it is not needed. */
  #expect(withinMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#end(), withinMs);
    this.#timer.unref();
  }

  #failed(worker: Worker): void {
    if (worker !== this.#worker) return;
    this.#restAfter = performance.now() + AFTER_FAILURE_MS;
    void this.#end();
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { texts, done } of left) done(texts.map(roughTokens));
    this.#whenEmpty?.();
    await worker?.terminate();
  }
}

function startThread(): Worker {
  return new Worker(new URL("./token-worker.ts", import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 256 } });
}
