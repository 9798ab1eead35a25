import type { Socket } from "node:net";
import type { Shot } from "./load.ts";
import { isWhole, open, requestBytes } from "./wire-client.ts";

/*
 * Whole and streamed answers in equal parts, one client in five leaving before its answer is whole.
 *
 *   node bench/lib/mixed-client.ts <clients> <seconds>      prints one line of JSON
 */

const url = process.env["BENCH_URL"] ?? "";
const headers = JSON.parse(process.env["BENCH_HEADERS"] ?? "{}") as Record<string, string>;
const body = process.env["BENCH_BODY"] ?? "";
const [clients = 0, seconds = 0] = process.argv.slice(2).map(Number);

const shot = (stream: boolean): Shot => ({ url, headers, body: JSON.stringify({ ...JSON.parse(body), stream }) });
const kinds = [false, true].map((stream) => ({ stream, shot: shot(stream), bytes: requestBytes(shot(stream)) }));
/** One in so many leaves. */
const LEAVES = 5;
/** Milliseconds after which one that leaves is gone: within a stream, before most whole answers. */
const PATIENCE_MS = 15;
const ANSWER_TIMEOUT_MS = 30_000;

const figures = { whole: 0, streamed: 0, left: 0, refused: 0, broken: 0 };
const end = performance.now() + seconds * 1000;

function ask(socket: Socket, bytes: Buffer, leaves: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const timer = setTimeout(() => socket.destroy(), leaves ? PATIENCE_MS : ANSWER_TIMEOUT_MS);
    const done = (answer: string | undefined): void => {
      clearTimeout(timer);
      socket.removeAllListeners("data").removeAllListeners("close");
      resolve(answer);
    };
    socket.on("data", (data: Buffer) => {
      text += data.toString("latin1");
      if (isWhole(text)) done(text);
    });
    socket.on("close", () => done(undefined));
    socket.write(bytes);
  });
}

async function client(number: number): Promise<void> {
  let socket: Socket | undefined;
  for (let turn = number; performance.now() < end; turn += 1) {
    const kind = kinds[turn % kinds.length];
    if (!kind) return;
    const leaves = turn % LEAVES === 0;
    if (!socket || socket.destroyed) socket = open(kind.shot);
    const answer = await ask(socket, kind.bytes, leaves);
    if (answer === undefined) {
      if (leaves) figures.left += 1;
      else figures.broken += 1;
    } else if (!answer.startsWith("HTTP/1.1 200")) figures.refused += 1;
    else if (kind.stream) figures.streamed += 1;
    else figures.whole += 1;
  }
  socket?.destroy();
}

await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
process.stdout.write(`figures ${JSON.stringify(figures)}\n`);
process.exit(0);
