import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { type DetachedAnswer, DetachedReply, type NearReply } from "./detached-reply.ts";

/** A client's side that a test reads by hand. */
class Near extends EventEmitter implements NearReply {
  destroyed = false;
  writableLength = 0;
  readonly sent: (string | Record<string, string | number>)[] = [];
  writeHead(status: number, headers: Record<string, string | number>): void {
    this.sent.push(String(status), headers);
  }
  write(text: string): void {
    this.sent.push(text);
  }
  end(text?: string): void {
    this.sent.push(text ?? "", "END");
  }
  destroy(): void {
    this.leave();
    this.sent.push("CUT");
  }
  leave(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function make(maxBytes = 100) {
  const near = new Near();
  const answers: (DetachedAnswer | undefined)[] = [];
  const { promise: recorded, resolve: record } = Promise.withResolvers<undefined>();
  const reply = new DetachedReply(near, {
    maxBytes,
    onWhole(answer) {
      answers.push(answer);
      return recorded;
    },
  });
  return { near, reply, answers, record: () => record(undefined) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a stream is passed on as it comes, and its last piece when the answer is recorded", async () => {
  const { near, reply, answers, record } = make();
  reply.setHeader("x-one", 1);
  reply.writeHead(200, { "content-type": "text/event-stream" });
  reply.write("a");
  reply.write("b");
  const headers = { "x-one": "1", "content-type": "text/event-stream" };
  assert.deepEqual(near.sent, ["200", headers, "a", "b"]);
  reply.end("c");
  await turn();
  assert.equal(near.sent.length, 4);
  assert.deepEqual(answers, [{ status: 200, headers, body: "abc" }]);
  record();
  await once(reply, "close");
  assert.deepEqual(near.sent.slice(4), ["c", "END"]);
  assert.equal(reply.writableFinished, true);
});

test("an answer that is no stream is passed on whole when it is recorded, with its length", async () => {
  const { near, reply, record } = make();
  reply.statusCode = 201;
  reply.setHeader("content-type", "application/json");
  reply.write('{"a":');
  reply.end('"ü"}');
  assert.deepEqual(near.sent, []);
  record();
  await once(reply, "close");
  assert.deepEqual(near.sent, [
    "201",
    { "content-type": "application/json", "content-length": 10 },
    '{"a":"ü"}',
    "END",
  ]);
});

test("what is too large is passed on and not kept", async () => {
  const { near, reply, answers, record } = make(3);
  reply.write("ab");
  assert.deepEqual(near.sent, []);
  reply.write("cd");
  reply.end("ef");
  record();
  await once(reply, "close");
  assert.deepEqual(near.sent, ["200", {}, "abcd", "ef", "END"]);
  assert.deepEqual(answers, [{ status: 200, headers: {}, body: undefined }]);
});

test("a slow client holds the handler back; one that leaves lets it go on to the end", async () => {
  const { near, reply, answers, record } = make();
  let drained = 0;
  reply.on("drain", () => (drained += 1));
  reply.setHeader("content-type", "text/event-stream");
  assert.equal(reply.write("a"), true);
  near.writableLength = 1000;
  assert.equal(reply.write("b"), false);
  assert.equal(reply.writableLength, 1000);
  near.emit("drain");
  assert.equal(drained, 1);
  near.leave();
  assert.equal(drained, 2);
  assert.equal(reply.writableLength, 0);
  assert.equal(reply.destroyed, false);
  reply.write("c");
  reply.end("d");
  record();
  await once(reply, "close");
  assert.equal(answers[0]?.body, "abcd");
  assert.equal(near.sent.at(-1), "b");
});

test("an answer that the handler breaks off is broken for the client, and there is none to keep", async () => {
  const { near, reply, answers, record } = make();
  reply.setHeader("content-type", "text/event-stream");
  reply.write("a");
  reply.destroy();
  reply.end("late");
  record();
  await once(reply, "close");
  assert.deepEqual(answers, [undefined]);
  assert.equal(near.sent.at(-1), "CUT");
});
