import type { Socket } from "node:net";
import type { Shot } from "./load.ts";
import { isWhole, open, requestBytes } from "./wire-client.ts";

/*
 * Requests at a fixed rate, whatever becomes of those before them: each is timed from when it was due, so that a server that
 * stands still is charged for all who came meanwhile (no coordinated omission).
 *
 *   node bench/lib/open-loop.ts <rate> <seconds> <warm-up seconds>      prints one line of JSON
 */

const shot: Shot = {
  url: process.env["BENCH_URL"] ?? "",
  headers: JSON.parse(process.env["BENCH_HEADERS"] ?? "{}") as Record<string, string>,
  body: process.env["BENCH_BODY"] ?? "",
};
const [rate = 0, seconds = 0, warmUp = 0] = process.argv.slice(2).map(Number);
const bytes = requestBytes(shot);
const GRACE_MS = 5_000;

const idle: Socket[] = [];
const micros: number[] = [];
const state = { sent: 0, running: 0, broken: 0, refused: 0, connections: 0, lateMs: 0 };
const due = new WeakMap<Socket, { at: number; counted: boolean; text: string }>();

function answered(socket: Socket, text: string): void {
  const shotOf = due.get(socket);
  if (!shotOf) return;
  due.delete(socket);
  state.running -= 1;
  if (!text.startsWith("HTTP/1.1 200")) state.refused += 1;
  if (shotOf.counted) micros.push((performance.now() - shotOf.at) * 1000);
  idle.push(socket);
}

function connection(): Socket {
  const kept = idle.pop();
  if (kept) return kept;
  const socket = open(shot);
  state.connections += 1;
  socket.on("data", (data: Buffer) => {
    const shotOf = due.get(socket);
    if (!shotOf) return;
    shotOf.text += data.toString("latin1");
    if (isWhole(shotOf.text)) answered(socket, shotOf.text);
  });
  socket.on("close", () => {
    if (due.delete(socket)) {
      state.running -= 1;
      state.broken += 1;
    }
    const at = idle.indexOf(socket);
    if (at !== -1) idle.splice(at, 1);
  });
  return socket;
}

const began = performance.now();
const total = Math.round(rate * (seconds + warmUp));
const uncounted = Math.round(rate * warmUp);

function tick(): void {
  const now = performance.now();
  const dueBy = Math.min(total, Math.floor(((now - began) / 1000) * rate));
  while (state.sent < dueBy) {
    const at = began + (state.sent * 1000) / rate;
    const counted = state.sent >= uncounted;
    if (counted) state.lateMs = Math.max(state.lateMs, now - at);
    const socket = connection();
    due.set(socket, { at, counted, text: "" });
    state.sent += 1;
    state.running += 1;
    socket.write(bytes);
  }
  if (state.sent >= total && (state.running === 0 || now > began + (seconds + warmUp) * 1000 + GRACE_MS)) finish();
}

function finish(): void {
  clearInterval(timer);
  const sorted = micros.toSorted((a, b) => a - b);
  const at = (percent: number): number => sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
  const figures = { p50Micros: at(50), p99Micros: at(99), p999Micros: at(99.9), maxMicros: sorted.at(-1) ?? 0 };
  process.stdout.write(`figures ${JSON.stringify({ requests: sorted.length, ...state, ...figures })}\n`);
  process.exit(0);
}

const timer = setInterval(tick, 1);
