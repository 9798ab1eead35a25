import type { Shot } from "./load.ts";
import { open, requestBytes } from "./wire-client.ts";

/*
 * Many streams at once, each read as its bytes come, with the time between two of its pieces.
 *
 *   node bench/lib/streams-client.ts <streams> <seconds until all are given up> <events a whole stream has at least>
 *                                                                                 prints one line of JSON
 */

const shot: Shot = {
  url: process.env["BENCH_URL"] ?? "",
  headers: JSON.parse(process.env["BENCH_HEADERS"] ?? "{}") as Record<string, string>,
  body: process.env["BENCH_BODY"] ?? "",
};
const [streams = 0, seconds = 0, events = 0] = process.argv.slice(2).map(Number);
const bytes = requestBytes(shot);
/** Milliseconds without a piece that a reader notices as a stop. */
const GAP_MS = 250;
/** Streams begin over this time, as they do in life. */
const RAMP_MS = 1000;

type Stream = { events: number; firstMs: number; maxGapMs: number; whole: boolean };

const gaps: number[] = [];
const ended: Stream[] = [];

function run(): Promise<Stream> {
  return new Promise((resolve) => {
    const began = performance.now();
    let last = 0;
    let tail = "";
    const stream: Stream = { events: 0, firstMs: 0, maxGapMs: 0, whole: false };
    const socket = open(shot);
    socket.on("data", (data: Buffer) => {
      const now = performance.now();
      if (last === 0) stream.firstMs = now - began;
      else {
        gaps.push(now - last);
        stream.maxGapMs = Math.max(stream.maxGapMs, now - last);
      }
      last = now;
      const text = tail + data.toString("latin1");
      stream.events += text.split("data: ").length - 1;
      // Half a word at the end is counted with the next piece.
      tail = /d?a?t?a?:? ?$/.exec(text)?.[0] ?? "";
      if (tail === "data: ") tail = "";
      if (text.includes("[DONE]")) {
        stream.whole = stream.events >= events;
        socket.destroy();
      }
    });
    socket.on("close", () => resolve(stream));
    setTimeout(() => socket.destroy(), seconds * 1000).unref();
    socket.write(bytes);
  });
}

const running: Promise<Stream>[] = [];
for (let index = 0; index < streams; index += 1) {
  running.push(
    new Promise<void>((resolve) => setTimeout(resolve, (index * RAMP_MS) / streams)).then(run).then((stream) => {
      ended.push(stream);
      return stream;
    }),
  );
}
await Promise.all(running);
const at = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
};
const figures = {
  streams: ended.length,
  whole: ended.filter(({ whole }) => whole).length,
  withoutGap: ended.filter(({ whole, maxGapMs }) => whole && maxGapMs <= GAP_MS).length,
  firstP50Ms: at(
    ended.map(({ firstMs }) => firstMs),
    50,
  ),
  gapP50Ms: at(gaps, 50),
  gapP99Ms: at(gaps, 99),
  gapMaxMs: at(gaps, 100),
};
process.stdout.write(`figures ${JSON.stringify(figures)}\n`);
process.exit(0);
