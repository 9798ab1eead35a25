import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Ticked } from "#lib/ticker.ts";
import type { StreamWriter } from "#router/dialects/dialect.ts";
import type { HttpReply } from "../message.ts";
import type { KeepAlive } from "./keep-alive.ts";
import { StreamResponse } from "./stream-response.ts";

/** An answer that keeps what is written. */
class Written implements HttpReply {
  statusCode = 200;
  headersSent = false;
  writableEnded = false;
  writableFinished = false;
  writableLength = 0;
  destroyed = false;
  text = "";
  setHeader(): void {}
  writeHead(): void {
    this.headersSent = true;
  }
  write(text: string): void {
    this.text += text;
  }
  end(text = ""): void {
    this.text += text;
    this.writableEnded = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
  once(): void {}
}

function make(more: Partial<StreamWriter> = {}) {
  const members = new Set<Ticked>();
  const ticker = {
    add: (member: Ticked) => void members.add(member),
    remove: (member: Ticked) => void members.delete(member),
  };
  const keepAlive: KeepAlive = { silentMs: 1_000, ticker };
  const res = new Written();
  const failures: SlipwayError[] = [];
  const writer: StreamWriter = {
    event: () => "data: word\n\n",
    end: () => "data: [DONE]\n\n",
    fail: (error) => `data: ${error.code}\n\n`,
    ...more,
  };
  const stream = new StreamResponse(res, writer, (error) => void failures.push(error), keepAlive);
  const began = performance.now();
  const tick = async (ms: number): Promise<void> => {
    for (const member of members) member.tick(began + ms);
    await Promise.resolve();
  };
  return { members, res, failures, stream, tick };
}

const lives = (res: Written): number => res.text.split(": keep-alive\n\n").length - 1;

test("a stream that is silent gets a comment each second, and one that speaks gets none", async () => {
  const { res, stream, tick } = make();
  await tick(500);
  assert.equal(res.text, "");
  await tick(1_100);
  assert.equal(lives(res), 1);
  await tick(1_500);
  assert.equal(lives(res), 1);
  await tick(2_200);
  assert.equal(lives(res), 2);
  stream.event({ type: "text", text: "word" });
  await tick(3_300);
  assert.equal(lives(res), 2, "it spoke since the last look");
  await tick(4_400);
  assert.equal(lives(res), 3);
});

test("a dialect says in its own words that it is alive", async () => {
  const { res, tick } = make({ keepAlive: () => "event: ping\ndata: {}\n\n" });
  await tick(1_100);
  assert.equal(res.text, "event: ping\ndata: {}\n\n");
  const array = make({ contentType: "application/json" });
  await array.tick(1_100);
  assert.equal(array.res.text, "", "a comment would break what is no stream of events");
});

test("a failure after a sign of life is told within the stream, before one by a status of its own", async () => {
  const error = new SlipwayError("provider_error", "It failed.");
  const early = make();
  early.stream.fail(error);
  assert.deepEqual([early.failures.length, early.res.text], [1, ""]);
  const late = make();
  await late.tick(1_100);
  late.stream.fail(error);
  assert.equal(late.failures.length, 0);
  assert.equal(late.res.text, ": keep-alive\n\ndata: provider_error\n\n");
});

test("a stream that is over, or whose client has left, is watched no more", async () => {
  const whole = make();
  whole.stream.end();
  assert.equal(whole.members.size, 0);
  const left = make();
  left.res.destroyed = true;
  await left.tick(1_100);
  assert.deepEqual([left.members.size, left.res.text], [0, ""]);
});
