import cluster, { type Worker } from "node:cluster";
import { constants } from "node:os";
import { RestartPolicy } from "#lib/restart-policy.ts";
import type { LimitSettings } from "#limits/limiter.ts";
import { type Broker, createBroker } from "#limits/shared/broker.ts";
import type { Logger } from "#telemetry/logger.ts";
import { type CountTogether, createCountTogether } from "./count-together.ts";
import { closeLostHandovers } from "./handovers.ts";
import { type FromKeeper, type FromWorker, isFromWorker } from "./messages.ts";

/** What the keeper of the workers is told. */
export interface SuperviseOptions {
  readonly workers: number;
  /** The environment of the workers, with what `.env` adds: one that is started later has the same settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly drainTimeoutMs: number;
  readonly limits: LimitSettings;
  readonly log: Logger;
  /** All workers serve. */
  readonly onReady: (url: string) => void;
  /** Milliseconds between two looks whether workers still answer; default 5,000. */
  readonly pingMs?: number;
}

interface Place {
  readonly number: number;
  worker: Worker | undefined;
  ready: boolean;
  /** Pings that were sent since the last answer. */
  unanswered: number;
}

const PING_MS = 5000;
// A worker whose event loop stands still for so many looks, half a minute, is ended; nobody else would see it, as the others answer probes.
const MOST_UNANSWERED = 6;
// One that begins may load and wait for long before it hears anything.
const MOST_UNANSWERED_AT_START = 120;
// What closing takes at most after the drain: queues, runs and connections have bounds of their own.
const CLOSE_MS = 30_000;
const FAILED = 1;

/** Starts the workers, starts those again that end, hands the wish to end on, and holds what they share. Serves nothing itself. */
class Supervisor {
  readonly #options: SuperviseOptions;
  readonly #places: readonly Place[];
  readonly #restarts: RestartPolicy;
  readonly #broker: Broker;
  readonly #counts: CountTogether;
  readonly #timers = new Set<NodeJS.Timeout>();
  #url: string | undefined;
  #allReady = false;
  #restarted = 0;
  #stopping = false;
  #exitCode = 0;
  #ended: (code: number) => void = () => {};

  constructor(options: SuperviseOptions) {
    const { workers, limits } = options;
    this.#options = options;
    this.#places = Array.from({ length: workers }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      ready: false,
      unanswered: 0,
    }));
    // One that fails for good reaches the bound after half a minute; all at once, as when memory runs out, may fail three times.
    this.#restarts = new RestartPolicy({
      most: Math.max(10, 3 * workers),
      withinMs: 60_000,
      leastMs: 100,
      mostMs: 5000,
    });
    this.#broker = createBroker({
      limits,
      workers,
      send: (number, message) => this.#send(number, { type: "limits", message }),
    });
    this.#counts = createCountTogether({
      workers: () => this.#places.filter(({ ready }) => ready).map((place) => place.number),
      count: (number, round) => this.#send(number, { type: "count", round }),
      restarts: () => this.#restarted,
    });
  }

  run(): Promise<number> {
    // Connections go to the workers in turn, each only to one that has taken the one before: see decision 12.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    cluster.setupPrimary({ args: ["worker"] });
    const [first] = this.#places;
    if (first) this.#start(first);
    const pings = setInterval(() => this.#ping(), this.#options.pingMs ?? PING_MS);
    return new Promise<number>((resolve) => (this.#ended = resolve)).finally(() => {
      clearInterval(pings);
      for (const timer of this.#timers) clearTimeout(timer);
    });
  }

  /** Lets every worker drain. */
  stop(exitCode = 0): void {
    if (exitCode !== 0) this.#exitCode = exitCode;
    if (this.#stopping) return;
    this.#stopping = true;
    for (const { worker } of this.#places) worker?.process.kill("SIGTERM");
    this.#later(this.#options.drainTimeoutMs + CLOSE_MS, () => {
      this.#options.log.error({}, "workers have not ended in time and are ended");
      this.kill();
    });
    this.#endWhenEmpty();
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#stopping = true;
    this.#exitCode = FAILED;
    for (const { worker } of this.#places) worker?.process.kill("SIGKILL");
    this.#endWhenEmpty();
  }

  #start(place: Place): void {
    const othersServe = this.#places.some(({ ready }) => ready);
    const worker = cluster.fork(this.#options.environment);
    place.worker = worker;
    place.ready = false;
    place.unanswered = 0;
    closeLostHandovers(worker.process);
    worker.on("message", (message: unknown) => {
      // What a worker said just before it ended may come after its end, when nobody holds anything any more.
      if (place.worker === worker && isFromWorker(message)) this.#message(place, message);
    });
    worker.on("error", (error) => this.#options.log.warn({ worker: place.number, error: String(error) }, "worker"));
    worker.once("exit", (code: number | null, signal: NodeJS.Signals | null) => this.#exited(place, code, signal));
    const { workers } = this.#options;
    const migrates = !othersServe;
    this.#send(place.number, { type: "seat", worker: place.number, workers, othersServe, migrates });
  }

  #message(place: Place, message: FromWorker): void {
    place.unanswered = 0;
    switch (message.type) {
      case "ready":
        this.#ready(place, message.url);
        return;
      case "limits":
        this.#broker.message(place.number, message.message);
        return;
      case "counted":
        this.#counts.counted(place.number, message.round, message.own);
        return;
      case "metrics":
        void this.#counts
          .asked(place.number, message.own)
          .then((text) => this.#send(place.number, { type: "metrics", text }));
        return;
      case "pong":
    }
  }

  #ready(place: Place, url: string): void {
    place.ready = true;
    if (this.#url !== undefined && this.#url !== url) {
      this.#options.log.warn(
        { url, before: this.#url },
        "PORT is 0 and no worker was left: the port is another one now",
      );
    }
    this.#url = url;
    if (this.#stopping || this.#allReady) return;
    // The first finds out alone what is wrong with settings or database, and migrates; the others come when it serves.
    for (const other of this.#places) if (!other.worker) this.#start(other);
    if (!this.#places.every(({ ready }) => ready)) return;
    this.#allReady = true;
    this.#options.log.info({ url, workers: this.#places.length }, "all workers are ready");
    this.#options.onReady(url);
  }

  #exited(place: Place, code: number | null, signal: NodeJS.Signals | null): void {
    const { log } = this.#options;
    place.worker = undefined;
    place.ready = false;
    this.#broker.gone(place.number);
    this.#counts.gone(place.number);
    if (this.#stopping) {
      if (code !== 0 && this.#exitCode === 0) this.#exitCode = code ?? FAILED;
      this.#endWhenEmpty();
      return;
    }
    const how = { worker: place.number, code, signal };
    if (!this.#allReady) {
      log.error(how, "a worker has ended before it was ready");
      this.stop(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      return;
    }
    const waitMs = this.#restarts.ended(performance.now());
    if (waitMs === undefined) {
      log.error(how, "workers end again and again: the server gives up, lets the others drain and ends");
      this.stop(FAILED);
      return;
    }
    log.error({ ...how, waitMs }, "a worker has ended and is started again");
    this.#later(waitMs, () => {
      if (this.#stopping) return;
      this.#restarted += 1;
      this.#start(place);
    });
  }

  #ping(): void {
    for (const place of this.#places) {
      const { worker, number } = place;
      if (!worker) continue;
      if (place.unanswered >= (place.ready ? MOST_UNANSWERED : MOST_UNANSWERED_AT_START)) {
        this.#options.log.error({ worker: number, pid: worker.process.pid }, "a worker does not answer and is ended");
        worker.process.kill("SIGKILL");
        continue;
      }
      place.unanswered += 1;
      this.#send(number, { type: "ping" });
    }
  }

  #send(number: number, message: FromKeeper): void {
    const worker = this.#places[number - 1]?.worker;
    // A worker that ends while it is written to tells by `exit`.
    if (worker?.isConnected()) worker.send(message, () => {});
  }

  #later(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
  }

  #endWhenEmpty(): void {
    if (this.#places.every(({ worker }) => worker === undefined)) this.#ended(this.#exitCode);
  }
}

/**
 * Serves with several processes on one port, and resolves with the exit code when all have ended: 0 when they drained, 1 when
 * they end again and again or streams were cut, 2 when the first finds wrong settings.
 */
export function supervise(options: SuperviseOptions): Promise<number> {
  const supervisor = new Supervisor(options);
  let interrupted = false;
  process.on("SIGTERM", () => supervisor.stop());
  // Whoever started this server is gone.
  process.once("disconnect", () => supervisor.stop());
  process.on("SIGINT", () => {
    if (interrupted) supervisor.kill();
    else supervisor.stop();
    interrupted = true;
  });
  return supervisor.run();
}
