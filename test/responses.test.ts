import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { LLMock } from "@copilotkit/aimock";
import OpenAI from "openai";
import { type RecordingProxy, startRecordingProxy } from "./clients/recording-proxy.ts";
import { startMock, STORY, UPSTREAMS } from "./clients/upstreams.ts";
import { type RunningServer, startServer } from "./support/server.ts";

function clientOf(server: RunningServer, apiKey = server.apiKey): OpenAI {
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
}

for (const upstream of UPSTREAMS) {
  describe(`conversations that the server keeps, upstream of the family ${upstream.name}`, () => {
    let mock: LLMock;
    let proxy: RecordingProxy;
    let server: RunningServer;
    let client: OpenAI;
    const ask = { model: upstream.model };

    before(async () => {
      mock = await startMock();
      proxy = await startRecordingProxy(mock.url);
      server = await startServer({ env: upstream.env(proxy.url) });
      client = clientOf(server);
    });
    after(async () => {
      await server.stop();
      await proxy.close();
      await mock.stop();
    });

    test("a third turn goes on from two that are not sent again, streamed or not; instructions are not carried over", async () => {
      const first = await client.responses.create({
        ...ask,
        instructions: "Never again.",
        input: "tell a story to Zoë",
      });
      const second = await client.responses
        .stream({ ...ask, previous_response_id: first.id, input: "tell a story" })
        .finalResponse();
      assert.equal(second.output_text, STORY);
      await client.responses.create({ ...ask, previous_response_id: second.id, input: "tell a story, the third" });
      const sent = proxy.lastBody();
      const [name, story, last] = ["story to Zoë", STORY.slice(0, 20), "the third"].map((text) => sent.indexOf(text));
      assert.ok(name !== undefined && story !== undefined && last !== undefined);
      assert.ok(name > 0 && story > name && last > story, sent);
      assert.doesNotMatch(sent, /Never again/);
    });

    test("items may be named instead of sent", async () => {
      const first = await client.responses.create({ ...ask, input: "tell a story" });
      const id = first.output.find((item) => item.type === "message")?.id ?? "";
      await client.responses.create({
        ...ask,
        input: [
          { role: "user", content: "hello" },
          { type: "item_reference", id },
          { role: "user", content: "tell a story, the second" },
        ],
      });
      assert.ok(proxy.lastBody().includes(STORY.slice(0, 20)));
      await assert.rejects(
        client.responses.create({ ...ask, input: [{ type: "item_reference", id: "msg_none_1" }] }),
        (error: unknown) => error instanceof OpenAI.BadRequestError && error.param === "input",
      );
    });
  });
}

describe("kept responses", () => {
  let home: string;
  before(async () => {
    home = await mkdtemp(join(tmpdir(), "slipway-responses-"));
  });
  after(() => rm(home, { recursive: true, force: true }));

  test("are given, listed and deleted by their id, also after a restart, and only to their own tenant", async () => {
    const server = await startServer({ home });
    const client = clientOf(server);
    const made = await client.responses.create({
      model: "mock-1",
      input: [{ role: "user", content: "hello" }],
      metadata: { a: "b" },
    });
    const found = await client.responses.retrieve(made.id);
    assert.deepEqual(JSON.parse(JSON.stringify(found)), JSON.parse(JSON.stringify(made)));
    const items = await client.responses.inputItems.list(made.id);
    assert.deepEqual(
      items.data.map((item) => item.type === "message" && item.content),
      [[{ type: "input_text", text: "hello" }]],
    );
    await assert.rejects(client.responses.cancel(made.id), OpenAI.BadRequestError);
    await server.stop();

    const again = await startServer({ home, env: { API_KEY: server.apiKey } });
    const later = clientOf(again);
    const next = await later.responses.create({ model: "mock-1", previous_response_id: made.id, input: "and?" });
    assert.equal(next.previous_response_id, made.id);
    await later.responses.delete(made.id);
    await assert.rejects(later.responses.retrieve(made.id), OpenAI.NotFoundError);
    await assert.rejects(later.responses.delete(made.id), OpenAI.NotFoundError);
    // What went on from a deleted one has lost its beginning: it is said, and nothing is made up.
    await assert.rejects(
      later.responses.create({ model: "mock-1", previous_response_id: next.id, input: "and?" }),
      (error: unknown) => error instanceof OpenAI.BadRequestError && error.param === "previous_response_id",
    );
    await assert.rejects(clientOf(again, "slip_wrong").responses.retrieve(next.id), OpenAI.AuthenticationError);
    await again.stop();
  });

  test("are not kept where the client says so", async () => {
    const server = await startServer();
    const client = clientOf(server);
    const made = await client.responses.create({ model: "mock-1", input: "hello", store: false });
    await assert.rejects(client.responses.retrieve(made.id), OpenAI.NotFoundError);
    await assert.rejects(
      client.responses.create({ model: "mock-1", previous_response_id: made.id, input: "and?" }),
      OpenAI.BadRequestError,
    );
    await server.stop();
  });
});
