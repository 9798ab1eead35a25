import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { LLMock } from "@copilotkit/aimock";
import { type RunningServer, startServer } from "../support/server.ts";
import { type Driver, IMAGE, type Place } from "./driver.ts";
import { type RecordingProxy, startRecordingProxy } from "./recording-proxy.ts";
import { CITY, startMock, STORY, type UpstreamFamily } from "./upstreams.ts";

const IN_FLIGHT = /^slipway_in_flight_requests (\d+)$/m;

/** How long the metrics may take to tell what has happened, in milliseconds. */
const PATIENCE_MS = 60_000;

/** A figure of the server's metrics; undefined before it was counted the first time. */
async function counted(server: RunningServer, pattern: RegExp): Promise<number | undefined> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  const found = pattern.exec(metrics)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function until(what: string, reached: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await new Promise((go) => setTimeout(go, 20)))
    if (await reached()) return;
  throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
}

/** Runs the shared script by each of these clients through one server, whose upstream is a mock of this family. */
export function runClients(upstream: UpstreamFamily, drivers: readonly ((place: Place) => Driver)[]): void {
  describe(`clients of a server with an upstream of the family ${upstream.name}`, () => {
    let mock: LLMock;
    let proxy: RecordingProxy;
    let server: RunningServer;

    before(async () => {
      mock = await startMock();
      proxy = await startRecordingProxy(mock.url);
      server = await startServer({ env: upstream.env(proxy.url) });
    });
    after(async () => {
      await server.stop();
      await proxy.close();
      await mock.stop();
    });

    // The place is known when the server runs; the name is wanted before.
    for (const make of drivers) {
      const { name } = make({ url: "http://127.0.0.1:1", apiKey: "none", model: upstream.model });
      const driver = (): Driver => make({ url: server.url, apiKey: server.apiKey, model: upstream.model });
      describe(name, () =>
        script(driver, upstream, { mock: () => mock, sent: () => proxy.lastBody(), server: () => server }),
      );
    }
  });
}

interface Bench {
  readonly mock: () => LLMock;
  /** The body that the upstream was sent last. */
  readonly sent: () => string;
  readonly server: () => RunningServer;
}

function script(driver: () => Driver, upstream: UpstreamFamily, bench: Bench): void {
  test("a chat is answered whole, with usage", async () => {
    assert.deepEqual(await driver().chat("tell a story"), { text: STORY, usage: [7, 11], stopped: true });
  });

  test("a chat streams in pieces, with usage", async () => {
    const { pieces, ...answer } = await driver().stream("tell a story");
    assert.deepEqual(answer, { text: STORY, usage: [7, 11], stopped: true });
    assert.ok(pieces > 1, "the answer came in one piece");
  });

  test("a tool call streams, and its result leads to the answer", async () => {
    assert.deepEqual(await driver().useTool("what is the weather in Vienna?", '{"sky":"clear"}'), {
      name: "get_weather",
      input: { city: "Vienna" },
      text: "It is sunny in Vienna.",
    });
  });

  test("an answer after a schema is read as data, and the upstream was given the schema", async () => {
    assert.deepEqual(await driver().structured("which city?"), CITY);
    assert.match(bench.sent(), /"people":\{"type":"integer"\}/);
  });

  test("an image reaches the model", async () => {
    assert.equal(await driver().image("look at this"), "A grey dot.");
    assert.ok(bench.sent().includes(IMAGE));
  });

  test("an error of the upstream comes in the client's own words", async () => {
    const thrown = await driver().error("be refused");
    assert.equal(thrown.status, 400);
    assert.match(thrown.message, /no such thing/);
  });

  test("a wrong key and an unknown model are told apart, and neither reaches the upstream", async () => {
    const before = bench.mock().getRequests().length;
    assert.equal((await driver().error("hi", { apiKey: "slip_wrong" })).status, 401);
    if (upstream.name !== "openai-compatible")
      assert.equal((await driver().error("hi", { model: "nobody-knows-it" })).status, 404);
    assert.equal(bench.mock().getRequests().length, before);
  });

  test("a client that leaves stops the model, and its place is free again", async () => {
    const aborted = new RegExp(`slipway_model_calls_total\\{provider="${upstream.name}",outcome="aborted"\\} (\\d+)`);
    const before = (await counted(bench.server(), aborted)) ?? 0;
    assert.notEqual(await driver().abort("tell a long story"), "");
    await until("the abort is counted", async () => ((await counted(bench.server(), aborted)) ?? 0) > before);
    await until("the place is free", async () => (await counted(bench.server(), IN_FLIGHT)) === 0);
  });
}
