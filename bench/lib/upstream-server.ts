import { type Socket, createServer } from "node:net";

/*
 * The model API behind every candidate: always the same chat completion, as fast as a socket takes it, so that what is
 * measured is the candidate. Streams get one event each tick, because an answer that arrives in one piece
 * would spare a gateway the work of a stream.
 *
 *   node bench/lib/upstream-server.ts [port]      prints {"port":N} when it listens
 */

/** A figure of the environment, or what holds without it. */
function setting(name: string, otherwise: number): number {
  return Number(process.env[name] ?? otherwise);
}

/** Milliseconds between two events of a stream. */
const STREAM_TICK_MS = setting("BENCH_UPSTREAM_TICK_MS", 2);
/** Milliseconds that a whole answer takes. */
const ANSWER_MS = setting("BENCH_UPSTREAM_ANSWER_MS", 0);
const WORDS =
  "A gateway that costs less than what it forwards leaves the budget to the model it was built to serve well .".split(
    " ",
  );
const STREAM_WORDS = setting("BENCH_UPSTREAM_WORDS", WORDS.length);
/** 1: every event of a stream carries random text of its own, as OpenAI's do. */
const PADDED = setting("BENCH_UPSTREAM_PADDING", 0) === 1;
const HEAD_END = Buffer.from("\r\n\r\n");
const CHUNKED_END = Buffer.from("0\r\n\r\n");
/** Requests here are a few hundred bytes; anything larger is a mistake of the bench. */
const MAX_REQUEST_BYTES = 1_000_000;

const USAGE = { prompt_tokens: 31, completion_tokens: WORDS.length, total_tokens: 31 + WORDS.length };
const COMMON = { id: "chatcmpl-bench", created: 1_760_000_000, model: "gpt-4o-mini" };

function wholeAnswer(): Buffer {
  const message = { role: "assistant", content: WORDS.join(" "), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: "stop" }];
  const body = JSON.stringify({ ...COMMON, object: "chat.completion", choices, usage: USAGE });
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function chunk(data: string): Buffer {
  const text = `data: ${data}\n\n`;
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

/** From 1 to 12 letters. */
function padding(): string {
  return Math.random()
    .toString(36)
    .slice(2, 3 + Math.floor(12 * Math.random()));
}

/** The pieces of a streamed answer, one socket write each. Usage comes when the request asks for it, as at OpenAI. */
function streamedAnswer(withUsage: boolean): Buffer[] {
  const event = (delta: object, finish: string | null) =>
    chunk(
      JSON.stringify({
        ...COMMON,
        object: "chat.completion.chunk",
        choices: [{ index: 0, delta, finish_reason: finish }],
        ...(PADDED ? { obfuscation: padding() } : {}),
      }),
    );
  const head = Buffer.from("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
  return [
    Buffer.concat([head, event({ role: "assistant", content: "" }, null)]),
    ...Array.from({ length: STREAM_WORDS }, (_, at) => event({ content: `${WORDS[at % WORDS.length]} ` }, null)),
    event({}, "stop"),
    ...(withUsage
      ? [chunk(JSON.stringify({ ...COMMON, object: "chat.completion.chunk", choices: [], usage: USAGE }))]
      : []),
    Buffer.concat([chunk("[DONE]"), CHUNKED_END]),
  ];
}

const WHOLE = wholeAnswer();
const STREAM = streamedAnswer(false);
const STREAM_WITH_USAGE = streamedAnswer(true);

const streaming = new Map<Socket, { pieces: Buffer[]; next: number }>();
setInterval(() => {
  for (const [socket, state] of streaming) {
    const piece = state.pieces[state.next++];
    if (piece !== undefined) socket.write(piece);
    if (state.next >= state.pieces.length) streaming.delete(socket);
  }
}, STREAM_TICK_MS);

function answer(socket: Socket, body: string): void {
  if (!/"stream"\s*:\s*true/.test(body)) {
    if (ANSWER_MS === 0) socket.write(WHOLE);
    else setTimeout(() => socket.write(WHOLE), ANSWER_MS);
    return;
  }
  streaming.set(socket, { pieces: /"include_usage"\s*:\s*true/.test(body) ? STREAM_WITH_USAGE : STREAM, next: 0 });
}

/** Where the first request in `received` ends and its body begins, or undefined while bytes are missing. */
function requestIn(received: Buffer): { bodyStart: number; end: number } | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = received.toString("latin1", 0, headEnd);
  const bodyStart = headEnd + HEAD_END.length;
  if (/\r\ntransfer-encoding:\s*chunked/i.test(head)) {
    const last = received.indexOf(CHUNKED_END, bodyStart);
    return last < 0 ? undefined : { bodyStart, end: last + CHUNKED_END.length };
  }
  const end = bodyStart + Number(/\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1] ?? 0);
  return end > received.length ? undefined : { bodyStart, end };
}

const server = createServer({ noDelay: true }, (socket) => {
  let pending: Buffer = Buffer.alloc(0);
  socket.on("data", (data: Buffer) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data]);
    for (let request = requestIn(pending); request !== undefined; request = requestIn(pending)) {
      answer(socket, pending.toString("latin1", request.bodyStart, request.end));
      pending = pending.subarray(request.end);
    }
    if (pending.length > MAX_REQUEST_BYTES) socket.destroy();
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => streaming.delete(socket));
});

server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(
    `${JSON.stringify({ port: address !== null && typeof address === "object" ? address.port : 0 })}\n`,
  );
});
