import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { answerOf } from "../conformance/collect.ts";
import { plainRequest } from "../conformance/requests.ts";
import { HttpProvider } from "../http-provider.ts";
import { createChatCompletionsCodec } from "../wire/chat-completions/codec.ts";

const codec = createChatCompletionsCodec({
  provider: "test",
  apiKey: "key",
  maxTokensField: "max_tokens",
  returnsReasoning: false,
});

const SAID = "Grüße aus Zürich";
const BODY = Buffer.from(
  JSON.stringify({ id: "c", choices: [{ index: 0, message: { content: SAID }, finish_reason: "stop" }] }),
);
// The cut is within a letter of two bytes.
const CUT = BODY.indexOf("ü") + 1;
const FIRST = BODY.subarray(0, CUT);
const LAST = BODY.subarray(CUT);
const CHUNKED = Buffer.concat([
  Buffer.from(`${FIRST.length.toString(16)}\r\n`),
  FIRST,
  Buffer.from(`\r\n${LAST.length.toString(16)}\r\n`),
  LAST,
  Buffer.from("\r\n0\r\n\r\n"),
]);

function head(lines: string): Buffer {
  return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${lines}\r\n`);
}

const MEASURED = head(`content-length: ${BODY.length}\r\n`);

const ANSWERS: Readonly<Record<string, readonly Buffer[]>> = {
  "with its head": [Buffer.concat([MEASURED, BODY])],
  "at once, after its head": [MEASURED, BODY],
  "in two pieces": [Buffer.concat([MEASURED, FIRST]), LAST],
  "in chunks": [head("transfer-encoding: chunked\r\n"), CHUNKED],
  "in chunks, beside the length of the first": [
    head(`content-length: ${FIRST.length}\r\ntransfer-encoding: chunked\r\n`),
    CHUNKED,
  ],
};

async function say(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  socket.on("error", () => {});
  await once(socket, "data");
  for (const piece of pieces) {
    socket.write(piece);
    // So that the pieces come apart, nearly always.
    await sleep(5);
  }
}

describe("a whole answer is read whole when it comes", () => {
  for (const [how, pieces] of Object.entries(ANSWERS)) {
    test(how, async () => {
      const server = createServer((socket) => void say(socket, pieces)).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      const provider = new HttpProvider({ name: "test", codec, baseUrl: `http://127.0.0.1:${port}` });
      try {
        assert.equal((await answerOf(provider, plainRequest(false))).text, SAID);
      } finally {
        await provider.close();
        server.close();
      }
    });
  }
});

// Answers the first request of a connection; what it says next it says unasked, when it is told to.
const UNASKED = `
  const { parentPort, workerData } = require("node:worker_threads");
  const server = require("node:net").createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(workerData.answer));
    parentPort.once("message", () =>
      socket.write(workerData.other, () => {
        Atomics.store(workerData.spoken, 0, 1);
        Atomics.notify(workerData.spoken, 0);
      }),
    );
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

function answerOfWords(words: string): string {
  const body = JSON.stringify({ id: "c", choices: [{ index: 0, message: { content: words }, finish_reason: "stop" }] });
  return `${head(`content-length: ${body.length}\r\n`).toString()}${body}`;
}

test("what a server says unasked is no answer to the request that takes its connection next", async () => {
  const spoken = new Int32Array(new SharedArrayBuffer(4));
  const words = { answer: answerOfWords("asked"), other: answerOfWords("unasked"), spoken };
  const worker = new Worker(UNASKED, { eval: true, workerData: words });
  const [port] = (await once(worker, "message")) as [number];
  const provider = new HttpProvider({ name: "test", codec, baseUrl: `http://127.0.0.1:${port}` });
  try {
    assert.equal((await answerOf(provider, plainRequest(false))).text, "asked");
    // Timers come before what was received: the answer lies there, unread, when the request is made.
    await sleep(20);
    worker.postMessage("speak", []);
    // Waits without a turn of the event loop, so nothing is read meanwhile.
    assert.notEqual(Atomics.wait(spoken, 0, 0, 30_000), "timed-out");
    await assert.rejects(answerOf(provider, plainRequest(false)), { code: "provider_error", message: /HTTP_SYNTAX/ });
  } finally {
    await provider.close();
    await worker.terminate();
  }
});
