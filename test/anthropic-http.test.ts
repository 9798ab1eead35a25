import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { type RunningServer, startServer } from "./support/server.ts";

interface Asked {
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

interface Told {
  readonly status: number;
  readonly type: string | undefined;
  readonly error: {
    readonly type: string;
    readonly message: string;
    readonly details: { readonly error_code: string };
  };
  readonly requestId: string | null;
  readonly bodyRequestId: string;
}

const ASK = { model: "claude-haiku-4-5", max_tokens: 9, messages: [{ role: "user" as const, content: "hello" }] };

describe("Anthropic's path over HTTP", () => {
  const asked: Asked[] = [];
  // The outside mock counts no tokens and shows no headers.
  const vendor = createServer((req, res) => {
    void text(req).then((body) => {
      asked.push({ url: req.url, headers: req.headers, body: JSON.parse(body) as Record<string, unknown> });
      res.setHeader("content-type", "application/json");
      if (req.url === "/v1/messages/count_tokens") res.end('{"input_tokens":31}');
      else
        res.end(
          JSON.stringify({
            id: "msg_1",
            type: "message",
            role: "assistant",
            model: ASK.model,
            content: [{ type: "text", text: "Hi." }],
            stop_reason: "end_turn",
            usage: { input_tokens: 3, output_tokens: 2, service_tier: "standard" },
          }),
        );
    });
  });
  let server: RunningServer;
  let client: Anthropic;

  before(async () => {
    await new Promise<void>((resolve) => vendor.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
    const env = {
      ANTHROPIC_API_KEY: "sk-test",
      ANTHROPIC_BASE_URL: url,
      OPENAI_API_KEY: "sk-test",
      MAX_BODY_BYTES: "4096",
    };
    // By Chat Completions alone, which counts nothing, so it is never asked to.
    const openai = { OPENAI_BASE_URL: "http://127.0.0.1:1/v1", OPENAI_API: "chat_completions" };
    server = await startServer({ env: { ...env, ...openai } });
    client = new Anthropic({ baseURL: server.url, apiKey: server.apiKey, maxRetries: 0 });
  });
  after(async () => {
    await server.stop();
    vendor.closeAllConnections();
    vendor.close();
  });

  async function send(path: string, init: RequestInit): Promise<Told> {
    const response = await fetch(server.url + path, init);
    const body = (await response.json()) as { type: string; error: Told["error"]; request_id: string };
    assert.equal(body.type, "error");
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    return {
      status: response.status,
      type: body.error.type,
      error: body.error,
      requestId: response.headers.get("request-id"),
      bodyRequestId: body.request_id,
    };
  }

  test("every error has Anthropic's shape and the request's id, also where nobody serves", async () => {
    const key = { "x-api-key": server.apiKey };
    const post = (body: string, headers: Record<string, string> = key): RequestInit => ({
      method: "POST",
      headers,
      body,
    });
    const cases: [string, RequestInit, number, string, string][] = [
      ["/v1/messages", post("{}", {}), 401, "authentication_error", "unauthenticated"],
      ["/v1/messages", post("{"), 400, "invalid_request_error", "invalid_json"],
      ["/v1/messages", post("{}"), 400, "invalid_request_error", "invalid_request"],
      [
        "/v1/messages",
        post(JSON.stringify({ ...ASK, model: "nobody-knows-it" })),
        404,
        "not_found_error",
        "model_not_found",
      ],
      ["/v1/messages", post(" ".repeat(5000)), 413, "request_too_large", "body_too_large"],
      ["/v1/messages", { headers: key }, 405, "invalid_request_error", "method_not_allowed"],
      ["/v1/messages/count_tokens", { headers: key }, 405, "invalid_request_error", "method_not_allowed"],
      ["/v1/messages/batches", { headers: key }, 404, "not_found_error", "not_found"],
      [
        "/v1/messages/count_tokens",
        post(JSON.stringify({ ...ASK, model: "agent/concierge" })),
        404,
        "not_found_error",
        "model_not_found",
      ],
    ];
    for (const [path, init, status, type, code] of cases) {
      const told = await send(path, init);
      assert.deepEqual([told.status, told.type, told.error.details.error_code], [status, type, code], path);
      assert.ok(told.requestId);
      assert.equal(told.bodyRequestId, told.requestId);
    }
  });

  test("the client's classes fit, and it finds the request's id", async () => {
    const { _request_id: id } = await client.messages.create(ASK);
    assert.match(id ?? "", /^req_/);
    const stranger = new Anthropic({ baseURL: server.url, apiKey: "slip_wrong", maxRetries: 0 });
    await assert.rejects(stranger.messages.create(ASK), Anthropic.AuthenticationError);
    const bearer = new Anthropic({ baseURL: server.url, apiKey: null, authToken: server.apiKey, maxRetries: 0 });
    assert.equal((await bearer.messages.create(ASK)).id, "msg_1");
    await assert.rejects(client.messages.create({ ...ASK, model: "gpt-5", container: "c" }), (error: unknown) => {
      assert.ok(error instanceof Anthropic.BadRequestError);
      assert.equal(error.errorCode, "unsupported_field");
      assert.match(error.message, /`container`/);
      return true;
    });
    // What a provider cannot carry is named as the client wrote it.
    const tuned = { ...ASK, model: "gpt-5", top_k: 5 };
    await assert.rejects(client.messages.create(tuned), { status: 400, message: /`top_k`/ });
  });

  test("betas, versions and fields of tomorrow reach Anthropic, the client's key does not; counts of its own come back", async () => {
    const body = { ...ASK, container: "c", a_field_of_tomorrow: 1 };
    const answer = await client.messages.create(body, {
      headers: { "anthropic-beta": "one-1,two-2", "anthropic-version": "2027-01-01" },
    });
    const last = asked.at(-1);
    assert.ok(last);
    const { headers, body: sent } = last;
    assert.equal(headers["anthropic-beta"], "one-1,two-2");
    assert.equal(headers["anthropic-version"], "2027-01-01");
    assert.equal(headers["x-api-key"], "sk-test");
    assert.deepEqual([sent["container"], sent["a_field_of_tomorrow"]], ["c", 1]);
    assert.equal(answer.usage.service_tier, "standard");
  });

  test("tokens are counted by Anthropic, and estimated elsewhere, which the answer says", async () => {
    const { max_tokens: _, ...prompt } = { ...ASK, system: "Be brief." };
    assert.deepEqual(await client.messages.countTokens(prompt), { input_tokens: 31 });
    const last = asked.at(-1);
    assert.equal(last?.url, "/v1/messages/count_tokens");
    assert.deepEqual(Object.keys(last?.body ?? {}).toSorted(), ["messages", "model", "system"]);
    const { data, response } = await client.messages.countTokens({ ...prompt, model: "gpt-5" }).withResponse();
    assert.ok(data.input_tokens > 2 && data.input_tokens < 40, `${data.input_tokens}`);
    assert.equal(response.headers.get("x-slipway-token-count"), "estimated");
  });
});
