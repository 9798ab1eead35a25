import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import fc from "fast-check";
import { createMetrics } from "#telemetry/metrics.ts";
import type { Exchange } from "../context.ts";
import { readBody } from "../edge/body.ts";
import { sendError } from "../edge/errors.ts";
import { createHttpServer, type HttpServer } from "../server.ts";

const MAX_BODY = 1000;
const PATH = "/v1/chat/completions";
const silent = { debug() {}, info() {}, warn() {}, error() {}, flush() {} };

interface Bench {
  readonly server: HttpServer;
  readonly port: number;
  /** How many bodies were cut off by their clients. */
  readonly left: () => number;
  /** How many requests the hot route was given. */
  readonly asked: () => number;
}

/** A server whose hot route says the body back. `wire: false`: Node's own server reads everything, as the control. */
async function start(wire: boolean, requestTimeoutMs = 60_000): Promise<Bench> {
  let left = 0;
  let asked = 0;
  const refused = new SlipwayError("unauthenticated", "No.");
  const hot = async ({ req, res, context }: Exchange): Promise<void> => {
    asked += 1;
    if (req.headers["authorization"] === "wrong") return sendError(res, refused, context);
    try {
      const body = await readBody(req, MAX_BODY);
      if (req.headers["x-stream"] !== undefined) {
        for (const piece of ["a", "é", body]) res.write(piece);
        res.end("!");
      } else {
        res.writeHead(200, { "content-type": "text/plain", "content-length": Buffer.byteLength(body) });
        res.end(body);
      }
    } catch (error) {
      left += 1;
      assert.ok(error instanceof SlipwayError);
      sendError(res, error, context);
    }
  };
  const say = (text: string) => (exchange: Exchange) => void exchange.res.end(text);
  const server = createHttpServer({
    clientAddress: (req) => req.socket.remoteAddress,
    release: "r1",
    requestTimeoutMs,
    operational: { health: say("healthy"), ready: say("ready"), metrics: say("metrics") },
    prepare: () => undefined,
    gate: () => undefined,
    hot: new Map([[PATH, hot]]),
    maxBodyBytes: wire ? MAX_BODY : -1,
    rest: ({ req, res }) => {
      res.statusCode = 404;
      res.end(`nothing at ${req.method} ${req.url}`);
    },
    log: silent,
    accessLog: { write() {}, flush() {} },
    metrics: createMetrics(),
  });
  return { server, port: await server.listen("127.0.0.1", 0), left: () => left, asked: () => asked };
}

let wired: Bench;
let node: Bench;
before(async () => {
  wired = await start(true);
  node = await start(false);
});
after(async () => {
  await Promise.all([wired.server.drain(0), node.server.drain(0)]);
});

const post = (body: string, lines = "", path = PATH): string =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\n${lines}content-length: ${body.length}\r\n\r\n${body}`;
const LAST = "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/** All that comes back until the server closes, and whether the connection broke. Pieces are sent one turn of the loop apart. */
async function hear(
  port: number,
  pieces: readonly string[],
  options: { readonly half?: boolean },
): Promise<{ readonly said: string; readonly broke: boolean }> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  let said = "";
  let broke = false;
  socket.setEncoding("latin1").on("data", (text: string) => (said += text));
  // Not `once()`: a server may close while we still write, and its rejection would come before anyone awaits it.
  const over = new Promise<void>((resolve) => {
    socket.on("end", resolve).on("close", () => resolve());
    socket.on("error", () => {
      broke = true;
      resolve();
    });
  });
  for (const piece of pieces) {
    if (!socket.writable) break;
    socket.write(piece, "latin1");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (options.half && socket.writable) socket.end();
  await over;
  socket.destroy();
  return { said, broke };
}

/** A server that refuses and closes while we still write makes the kernel throw away what it said: then it is asked again. */
async function talk(
  port: number,
  pieces: readonly string[],
  options: { readonly half?: boolean } = {},
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const heard = await hear(port, pieces, options);
    if (!heard.broke || attempt === 5) return heard.said;
  }
}

const NOT_COMPARED = new Set(["date", "x-request-id", "keep-alive", "connection", "transfer-encoding"]);

/** The answers in what a server said, each as status, sorted headers and body: what may differ between two servers is left out. */
function answers(said: string): readonly string[] {
  const found: string[] = [];
  let rest = said;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) return [...found, rest];
    const [start = "", ...lines] = rest.slice(0, end).split("\r\n");
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
    );
    const [body, length] = bodyOf(rest.slice(end + 4), headers);
    const compared = [...headers]
      .filter(([name]) => !NOT_COMPARED.has(name))
      .map(([name, value]) => `${name}: ${value}`);
    found.push([start.slice(0, "HTTP/1.1 200".length), ...compared.toSorted(), "", body].join("\n"));
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

/** A body, and how many characters it took on the wire. */
function bodyOf(rest: string, headers: ReadonlyMap<string, string>): readonly [string, number] {
  if (headers.get("transfer-encoding") !== "chunked") {
    const length = Number(headers.get("content-length") ?? 0);
    return [rest.slice(0, length), length];
  }
  let body = "";
  let at = 0;
  for (;;) {
    const end = rest.indexOf("\r\n", at);
    const size = end === -1 ? Number.NaN : Number.parseInt(rest.slice(at, end), 16);
    if (Number.isNaN(size)) return [`${body} (cut)`, rest.length];
    body += rest.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
    if (size === 0) return [body, at];
  }
}

/** Both answers, or undefined when they agree. */
async function difference(pieces: readonly string[], half: boolean): Promise<readonly [string, string] | undefined> {
  const [ours, theirs] = await Promise.all([talk(wired.port, pieces, { half }), talk(node.port, pieces, { half })]);
  const [our, their] = [answers(ours), answers(theirs)];
  // When an error follows in the same segment, Node's server drops the answer to the good request before it; ours is sent.
  const dropped =
    their.at(-1)?.startsWith("HTTP/1.1 400") === true &&
    our.at(-1) === their.at(-1) &&
    their.slice(0, -1).every((answer, at) => our[at] === answer);
  return dropped || isDeepStrictEqual(our, their) ? undefined : [our.join("\n\n"), their.join("\n\n")];
}

// Pieces may run together on their way, and then differ in the way told above; a true difference comes every time.
async function same(pieces: readonly string[], options: { readonly half?: boolean } = {}): Promise<void> {
  let found: readonly [string, string] | undefined;
  for (let turn = 0; turn < 3; turn += 1) {
    found = await difference(pieces, options.half ?? false);
    if (!found) return;
  }
  assert.equal(found?.[0], found?.[1], JSON.stringify(pieces));
}

describe("the lean reader answers as Node's own server does", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "a plain request": [post("hello"), LAST],
    "request after request": [post("one"), post("two"), post("three"), LAST],
    "requests sent ahead": [post("one") + post("two") + post("three") + LAST],
    "a streamed answer": [post("é", "x-stream: 1\r\n"), LAST],
    "a streamed answer, then another": [post("a", "x-stream: 1\r\n") + post("b"), LAST],
    "an empty body": [post(""), LAST],
    "the body apart from the head": [post("hello").slice(0, -5), "hello", LAST],
    "the body in pieces": [post("hello").slice(0, -5), "he", "ll", `o${post("x")}${LAST}`],
    "a head in pieces": ["POST /v1/chat/comp", "letions HTTP/1.1\r\nhost: x\r\n", "content-length: 2\r\n\r\nok", LAST],
    "another path": [post("x", "", "/v1/other"), post("y"), LAST],
    "a query": [post("x", "", `${PATH}?a=b`), LAST],
    "another method": [post("x").replace("POST", "PUT"), LAST],
    "a hot request after another one": [post("x", "", "/v1/other"), post("hello"), LAST],
    "a refusal with the body still to come": [
      post("hello", "authorization: wrong\r\n").slice(0, -5),
      "hello",
      post("next"),
      LAST,
    ],
    chunks: [`POST ${PATH} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`, LAST],
    "an expectation": [post("hi", "expect: 100-continue\r\n"), LAST],
    "a body beyond the bound": [post("x".repeat(MAX_BODY + 1)), LAST],
    "connection: close": [post("bye", "connection: close\r\n")],
    "HTTP/1.0": [post("bye").replace("HTTP/1.1", "HTTP/1.0")],
    "no host": [post("x").replace("host: x\r\n", ""), LAST],
    "a header twice": [post("x", "x-a: 1\r\nx-a: 2\r\n"), LAST],
    "a length twice": [post("hello", "content-length: 3\r\n"), LAST],
    "a length and chunks": [post("0\r\n\r\n", "transfer-encoding: chunked\r\n"), LAST],
    "a folded line": [post("x", "x-a: 1\r\n 2\r\n"), LAST],
    "a space before the colon": [post("x", "x-a : 1\r\n"), LAST],
    "a line that ends with LF alone": [post("x", "x-a: 1\n"), LAST],
    "a NUL": [post("x", "x-a: \0\r\n"), LAST],
    "an absolute target": [post("x", "", `http://x${PATH}`), LAST],
    "a sign before the length": [post("x").replace("length: 1", "length: +1"), LAST],
    "an upgrade": [post("x", "connection: upgrade, close\r\nupgrade: websocket\r\n")],
    nonsense: ["\x16\x03\x01\x02\0", LAST],
  };
  for (const [name, pieces] of Object.entries(cases)) test(name, () => same(pieces));

  test("whatever is changed in a request, and however it is cut", async () => {
    const text = fc.constantFrom(
      "\r\n",
      "\n",
      " ",
      ":",
      "\0",
      "x: y\r\n",
      "content-length: 3\r\n",
      "a",
      "é",
      "5",
      "\r\n\r\n",
    );
    const change = fc.record({ at: fc.nat(140), drop: fc.nat(3), text: fc.oneof(text, fc.constant("")) });
    const cut = fc.nat(150);
    await fc.assert(
      fc.asyncProperty(change, cut, fc.boolean(), async ({ at, drop, text: added }, place, doubled) => {
        const request = post("hello", "authorization: right\r\naccept: */*\r\n");
        const changed = request.slice(0, at) + added + request.slice(at + drop);
        // Apart from the first one: when both come at once, Node's server drops the first's answer for the second's error.
        const first = doubled ? [post("first")] : [];
        const pieces = [...first, changed.slice(0, place), changed.slice(place), LAST];
        await same(
          pieces.filter((piece) => piece !== ""),
          { half: true },
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("a connection", () => {
  test("is served by the lean reader when it can be", async () => {
    // The control of all of the above: Node's server writes its own header names with capitals.
    assert.match(await talk(wired.port, [post("x"), LAST]), /\r\nkeep-alive: timeout=65\r\n/);
    assert.match(await talk(node.port, [post("x"), LAST]), /\r\nKeep-Alive: timeout=65\r\n/);
  });

  test("is told each length as it is, however often it was another or the same before", async () => {
    const lengths = [
      ...Array.from({ length: 200 }, (_, at) => (at * 37) % 211),
      ...Array.from({ length: 50 }, () => 7),
    ];
    const alternating = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? 7 : 8));
    const bodies = [...lengths, ...alternating].map((length) => "x".repeat(length));
    const said = await talk(wired.port, [bodies.map((body) => post(body)).join("") + LAST]);
    const told = [...said.matchAll(/\r\ncontent-length: (\d+)\r\n[^]*?\r\n\r\n(x*)/g)].slice(0, bodies.length);
    assert.deepEqual(
      told.map(([, length, body]) => [Number(length), body]),
      bodies.map((body) => [body.length, body]),
    );
  });

  test("that half closes after its answer was written gets it; one that half closes within a body does not", async () => {
    assert.match(await talk(wired.port, [post("whole")], { half: true }), /whole$/);
    const before = wired.left();
    assert.equal(await talk(wired.port, [post("hello").slice(0, -2)], { half: true }), "");
    assert.equal(wired.left(), before + 1);
  });

  test("is closed when it idles while the server drains, and the running answer is the last one", async () => {
    const { server, port } = await start(true);
    const idle = connect({ port, host: "127.0.0.1" });
    const busy = connect({ port, host: "127.0.0.1" });
    let said = "";
    busy.setEncoding("latin1").on("data", (text: string) => (said += text));
    await Promise.all([once(idle, "connect"), once(busy, "connect")]);
    busy.write(post("hello").slice(0, -2));
    // The handler runs and waits for the body when this answer is there.
    await talk(port, [LAST]);
    const closed = once(idle, "close");
    const drained = server.drain(10_000);
    await closed;
    busy.write("lo");
    assert.equal(await drained, true);
    if (!busy.destroyed) await once(busy, "close");
    assert.match(said, /200 OK[^]*hello$/);
  });

  test("whose last answer was written is not read on: the rest of a body that came too late is no request", async () => {
    const { server, port, asked } = await start(true, 200);
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    try {
      let said = "";
      socket.setEncoding("latin1").on("data", (text: string) => (said += text));
      const late = post("late");
      socket.write(post("x".repeat(late.length)).slice(0, -late.length));
      await once(socket, "end");
      assert.match(said, /^HTTP\/1.1 408 /);
      socket.write(late);
      await talk(port, [LAST]);
      await talk(port, [LAST]);
      assert.equal(asked(), 1);
    } finally {
      socket.destroy();
      await server.drain(0);
    }
  });

  test("that sends on and on before its answer is not read on", async () => {
    const { server, port } = await start(true);
    let socket: Socket | undefined;
    try {
      socket = connect({ port, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.write(post("hello").slice(0, -5));
      await talk(port, [LAST]);
      // The rest of the body, and then much more than the reader keeps.
      socket.write("hello");
      const filler = post("y".repeat(900));
      let accepted = 0;
      for (; accepted < 80_000 && socket.writableLength < 48_000_000; accepted += 1) socket.write(filler);
      // The client reads no answer, so the system's buffers fill up and nothing moves any more.
      let before = -1;
      for (let turn = 0; turn < 100 && before !== socket.writableLength; turn += 1) {
        before = socket.writableLength;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.ok(socket.writableLength > 1_000_000, "the system's buffers and the reader's took it all");
    } finally {
      socket?.destroy();
      await server.drain(0);
    }
  });
});
