import { type Exposition, mergeExpositions } from "#telemetry/merge-expositions.ts";

/** Adds up the metrics of all workers, whichever of them was asked. */
export interface CountTogether {
  /** A worker was asked for the metrics, and has counted these itself. The text comes within the deadline. */
  asked(worker: number, own: Exposition): Promise<string>;
  /** A worker's answer of a round. */
  counted(worker: number, round: number, own: Exposition): void;
  /** A worker has ended: what it had counted when it was last asked stays in the sums. */
  gone(worker: number): void;
}

interface Round {
  readonly awaited: Set<number>;
  readonly present: Map<number, Exposition>;
  readonly done: () => void;
}

/** How long workers may take to answer, in milliseconds. */
const DEADLINE_MS = 1000;
// Of one worker. A series takes about 100 bytes and labels have few values, so more than this is a fault.
const MOST_CHARACTERS = 8 * 1024 * 1024;

class Together implements CountTogether {
  readonly #options: CountOptions;
  /** What each living worker told last. */
  readonly #last = new Map<number, string>();
  /** The sum of what workers that have ended told last. */
  #past = "";
  #round: Round | undefined;
  #rounds = 0;
  #result: Promise<string> | undefined;

  constructor(options: CountOptions) {
    this.#options = options;
  }

  // Whoever asks while a round is under way gets its result: many askers cost no more than one.
  asked(worker: number, own: Exposition): Promise<string> {
    this.#result ??= this.#count(worker, own).finally(() => (this.#result = undefined));
    return this.#result;
  }

  counted(worker: number, round: number, own: Exposition): void {
    if (own.text.length > MOST_CHARACTERS) return;
    this.#last.set(worker, own.text);
    if (round !== this.#rounds || !this.#round) return;
    this.#round.present.set(worker, own);
    this.#answered(worker);
  }

  gone(worker: number): void {
    const last = this.#last.get(worker);
    this.#last.delete(worker);
    if (last !== undefined) this.#past = mergeExpositions([], [this.#past, last]);
    this.#round?.present.delete(worker);
    this.#answered(worker);
  }

  #answered(worker: number): void {
    if (this.#round?.awaited.delete(worker) && this.#round.awaited.size === 0) this.#round.done();
  }

  async #count(asker: number, own: Exposition): Promise<string> {
    const awaited = new Set(this.#options.workers());
    awaited.delete(asker);
    const present = new Map([[asker, own]]);
    this.#last.set(asker, own.text);
    const round = (this.#rounds += 1);
    if (awaited.size > 0) {
      await new Promise<void>((done) => {
        const timer = setTimeout(done, this.#options.deadlineMs ?? DEADLINE_MS);
        this.#round = {
          awaited,
          present,
          done: () => {
            clearTimeout(timer);
            done();
          },
        };
        for (const worker of awaited) this.#options.count(worker, round);
      });
      this.#round = undefined;
    }
    return this.#text(present, awaited.size);
  }

  #text(present: ReadonlyMap<number, Exposition>, silent: number): string {
    const silentTexts = [...this.#last].filter(([worker]) => !present.has(worker)).map(([, text]) => text);
    const merged = mergeExpositions([...present.values()], [...silentTexts, this.#past]);
    return `${merged}\n${ownSeries(present.size, silent, this.#options.restarts())}`;
  }
}

function ownSeries(counted: number, silent: number, restarts: number): string {
  return `# HELP slipway_workers_counted Workers whose figures are whole in this answer.
# TYPE slipway_workers_counted gauge
slipway_workers_counted ${counted}

# HELP slipway_workers_silent Workers that did not tell their figures in time: their gauges are left out, their counters are as they were last told.
# TYPE slipway_workers_silent gauge
slipway_workers_silent ${silent}

# HELP slipway_worker_restarts_total Workers that ended by themselves and were started again.
# TYPE slipway_worker_restarts_total counter
slipway_worker_restarts_total ${restarts}
`;
}

interface CountOptions {
  /** Those that could answer now. */
  readonly workers: () => Iterable<number>;
  readonly count: (worker: number, round: number) => void;
  readonly restarts: () => number;
  readonly deadlineMs?: number;
}

/** Asks the workers through `count`. */
export function createCountTogether(options: CountOptions): CountTogether {
  return new Together(options);
}
