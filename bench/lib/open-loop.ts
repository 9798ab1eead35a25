import type { Socket } from "node:net";
import type { Shot } from "./load.ts";
import { percentile } from "./stats.ts";
import { isWhole, open, requestBytes } from "./wire-client.ts";

/*
 * Requests at fixed rates, whatever becomes of those before them: each is timed from when it was due, so that a server that stands
 * still is charged for all who came meanwhile (no coordinated omission). Several ways are asked at once, each at its own rate: what
 * holds up this client, the upstream or the machine holds up all of them.
 *
 *   node bench/lib/open-loop.ts <seconds> <warm-up seconds>      BENCH_WAYS is a list of {shot, rate}; prints one line of JSON
 */

/** One way to ask, how often a second, and what its answers took. */
type Way = {
  readonly shot: Shot;
  readonly rate: number;
};

const GRACE_MS = 5_000;

const [seconds = 0, warmUp = 0] = process.argv.slice(2).map(Number);
const ways = JSON.parse(process.env["BENCH_WAYS"] ?? "[]") as Way[];

/** The requests of one way. */
class Requests {
  readonly #way: Way;
  readonly #bytes: Buffer;
  readonly #total: number;
  readonly #uncounted: number;
  readonly #idle: Socket[] = [];
  readonly #due = new WeakMap<Socket, { at: number; counted: boolean; text: string }>();
  readonly #micros: number[] = [];
  readonly #state = { sent: 0, running: 0, broken: 0, refused: 0, connections: 0, lateMs: 0 };

  constructor(way: Way) {
    this.#way = way;
    this.#bytes = requestBytes(way.shot);
    this.#total = Math.round(way.rate * (seconds + warmUp));
    this.#uncounted = Math.round(way.rate * warmUp);
  }

  get ended(): boolean {
    return this.#state.sent >= this.#total && this.#state.running === 0;
  }

  figures() {
    const at = (percent: number): number => percentile(this.#micros, percent);
    return {
      requests: this.#micros.length,
      ...this.#state,
      p50Micros: at(50),
      p99Micros: at(99),
      p999Micros: at(99.9),
      maxMicros: at(100),
    };
  }

  /** Sends what is due by now. */
  send(began: number, now: number): void {
    const { rate } = this.#way;
    const state = this.#state;
    // The first is due at once, and each other a period after the one before it.
    const dueBy = Math.min(this.#total, Math.floor(((now - began) / 1000) * rate) + 1);
    while (state.sent < dueBy) {
      const at = began + (state.sent * 1000) / rate;
      const counted = state.sent >= this.#uncounted;
      if (counted) state.lateMs = Math.max(state.lateMs, now - at);
      const socket = this.#connection();
      this.#due.set(socket, { at, counted, text: "" });
      state.sent += 1;
      state.running += 1;
      socket.write(this.#bytes);
    }
  }

  #connection(): Socket {
    const kept = this.#idle.pop();
    if (kept) return kept;
    const socket = open(this.#way.shot);
    this.#state.connections += 1;
    socket.on("data", (data: Buffer) => {
      const request = this.#due.get(socket);
      if (!request) return;
      request.text += data.toString("latin1");
      if (isWhole(request.text)) this.#answered(socket, request);
    });
    socket.on("close", () => {
      if (this.#due.delete(socket)) {
        this.#state.running -= 1;
        this.#state.broken += 1;
      }
      const at = this.#idle.indexOf(socket);
      if (at !== -1) this.#idle.splice(at, 1);
    });
    return socket;
  }

  #answered(socket: Socket, request: { at: number; counted: boolean; text: string }): void {
    this.#due.delete(socket);
    this.#state.running -= 1;
    if (!request.text.startsWith("HTTP/1.1 200")) this.#state.refused += 1;
    if (request.counted) this.#micros.push((performance.now() - request.at) * 1000);
    this.#idle.push(socket);
  }
}

const all = ways.map((way) => new Requests(way));
const began = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  for (const requests of all) requests.send(began, now);
  const late = now > began + (seconds + warmUp) * 1000 + GRACE_MS;
  if (late || all.every(({ ended }) => ended)) finish();
}, 1);

function finish(): void {
  clearInterval(timer);
  process.stdout.write(`figures ${JSON.stringify({ ways: all.map((requests) => requests.figures()) })}\n`);
  process.exit(0);
}
