import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { createHttpServer } from "../server.ts";
import { readBody } from "./body.ts";

const MAX_BODY = 1000;
const PATH = "/v1/chat/completions";
const HEAD = `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n`;

/** The code with which the body of a request ends whose client left in its middle, before the body was asked for. */
async function leftEarly(wire: boolean): Promise<string> {
  const asked = Promise.withResolvers<undefined>();
  const verified = Promise.withResolvers<undefined>();
  const closed = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<string>();
  const say = () => undefined;
  const server = createHttpServer({
    clientAddress: () => undefined,
    release: "r1",
    requestTimeoutMs: 60_000,
    operational: { health: say, ready: say, metrics: say },
    // As a token is verified that nobody has seen before.
    prepare: () => {
      asked.resolve(undefined);
      return verified.promise;
    },
    gate: () => undefined,
    hot: new Map([
      [
        PATH,
        async ({ req }) => {
          try {
            ended.resolve(await readBody(req, MAX_BODY));
          } catch (error) {
            ended.resolve(error instanceof SlipwayError ? error.code : String(error));
          }
        },
      ],
    ]),
    maxBodyBytes: wire ? MAX_BODY : -1,
    rest: say,
    log: { debug() {}, info() {}, warn() {}, error() {}, flush() {} },
    accessLog: { write: () => closed.resolve(undefined), flush() {} },
    metrics: createMetrics(),
  });
  const client = connect({ port: await server.listen("127.0.0.1", 0), host: "127.0.0.1" });
  await once(client, "connect");
  client.write(`${HEAD}{"half":`);
  await asked.promise;
  client.destroy();
  await closed.promise;
  verified.resolve(undefined);
  const late = setTimeout(() => ended.resolve("nothing at all"), 1000);
  const code = await ended.promise;
  clearTimeout(late);
  await server.drain(0);
  return code;
}

test("a client that leaves within its body, before anybody asks for it, is told of as one that leaves later", async () => {
  assert.equal(await leftEarly(true), "client_closed_request", "the lean reader");
  assert.equal(await leftEarly(false), "client_closed_request", "Node's own server");
});
