import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type RunningServer, startServer } from "./support/server.ts";

const MAIN = resolve(import.meta.dirname, "../server/src/main.ts");

/** Every secret of this file has it, so that a search for it finds any of them. */
const MARK = "nobody-may-read-this";
const secret = (name: string): string => `${name}-${MARK}-0123456789`;

/** A server of somebody else's on loopback. */
async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const ANSWER = {
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "gpt-x",
  choices: [{ index: 0, message: { role: "assistant", content: "fine" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

describe("a server whose secrets lie elsewhere", () => {
  let server: RunningServer;
  let folder: string;
  let upstream: Awaited<ReturnType<typeof listen>>;
  let vault: Awaited<ReturnType<typeof listen>>;
  const used: string[] = [];
  let remote = secret("remote-one");
  let refuse = false;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-secrets-"));
    await writeFile(join(folder, "openai"), `${secret("file-one")}\n`);
    await writeFile(join(folder, "vault-token"), `${secret("token")}\n`);
    upstream = await listen((request, response) => {
      used.push(String(request.headers.authorization ?? request.headers["x-api-key"]).replace("Bearer ", ""));
      response.writeHead(refuse ? 401 : 200, { "content-type": "application/json" });
      // As careless as an upstream can be.
      response.end(JSON.stringify(refuse ? { error: { message: "Incorrect API key provided." } } : ANSWER));
    });
    vault = await listen((request, response) => {
      const right = request.headers["x-vault-token"] === secret("token") && request.url === "/v1/kv/data/models";
      response.writeHead(right ? 200 : 403, { "content-type": "application/json" });
      response.end(right ? JSON.stringify({ data: { data: { compatible: remote }, metadata: {} } }) : "{}");
    });
    server = await startServer({
      env: {
        API_KEY: "env:THE_KEY",
        THE_KEY: secret("api"),
        ENCRYPTION_KEY: "env:THE_ENCRYPTION_KEY",
        THE_ENCRYPTION_KEY: secret("encryption"),
        OPENAI_API_KEY: `file:${join(folder, "openai")}`,
        OPENAI_BASE_URL: `${upstream.url}/v1`,
        OPENAI_API: "chat_completions",
        OPENAI_COMPATIBLE_BASE_URL: `${upstream.url}/compatible`,
        OPENAI_COMPATIBLE_API_KEY: "vault://kv/models#compatible",
        VAULT_ADDR: vault.url,
        VAULT_TOKEN_FILE: join(folder, "vault-token"),
        SECRETS_TTL_SECONDS: "1",
        LOG_LEVEL: "debug",
      },
    });
  });
  after(async () => {
    await server.stop();
    upstream.close();
    vault.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${secret("api")}`, "content-type": "application/json" },
    });
  /** The key by which the upstream was asked. */
  const keyOf = async (model: string): Promise<string | undefined> => {
    const body = JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] });
    const answer = await ask("/v1/chat/completions", { method: "POST", body });
    await answer.text();
    return used.at(-1);
  };
  const until = async (model: string, key: string): Promise<void> => {
    const end = Date.now() + 20_000;
    let last: string | undefined;
    while (Date.now() < end) {
      if ((last = await keyOf(model)) === key) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    assert.fail(`the upstream is still asked by ${last}`);
  };

  test("calls are made by what the references lead to", async () => {
    assert.equal(await keyOf("openai/gpt-x"), secret("file-one"));
    assert.equal(await keyOf("openai-compatible/m"), secret("remote-one"));
  });

  test("a rotated key is in force without a restart: a file's at once, a remote one within its time to live", async () => {
    await writeFile(join(folder, "next"), secret("file-two"));
    await rename(join(folder, "next"), join(folder, "openai"));
    remote = secret("remote-two");
    await until("openai/gpt-x", secret("file-two"));
    await until("openai-compatible/m", secret("remote-two"));
    // A file that is gone leaves the last key in force.
    await rm(join(folder, "openai"));
    const end = Date.now() + 20_000;
    while (!server.output().includes("a secret cannot be read") && Date.now() < end)
      await new Promise((done) => setTimeout(done, 50));
    assert.match(server.output(), /a secret cannot be read; what was read before stays in force/);
    assert.equal(await keyOf("openai/gpt-x"), secret("file-two"));
  });

  test("a tenant's own key comes before the server's, is never answered, and is gone when it is removed", async () => {
    const put = await ask("/api/v1/provider-keys/openai", {
      method: "PUT",
      body: JSON.stringify({ key: secret("own") }),
    });
    assert.equal(put.status, 200);
    const told = (await put.json()) as { provider: string; last4: string };
    assert.deepEqual([told.provider, told.last4], ["openai", "6789"]);
    assert.equal(await keyOf("openai/gpt-x"), secret("own"));
    assert.equal(await keyOf("openai-compatible/m"), secret("remote-two"));
    const list = await (await ask("/api/v1/provider-keys")).text();
    assert.ok(list.includes("6789") && !list.includes(MARK));
    for (const [path, body, status] of [
      ["nobody", { key: secret("x") }, 404],
      ["mock", { key: secret("x") }, 404],
      ["openai", { key: "short" }, 400],
      ["openai", { key: secret("x"), other: 1 }, 400],
      ["openai", { key: "with a space and enough of it" }, 400],
    ] as const) {
      const answer = await ask(`/api/v1/provider-keys/${path}`, { method: "PUT", body: JSON.stringify(body) });
      assert.equal(answer.status, status, JSON.stringify(body));
      assert.ok(!(await answer.text()).includes(MARK));
    }
    assert.equal(await keyOf("openai/gpt-x"), secret("own"));
    assert.equal((await ask("/api/v1/provider-keys/openai", { method: "DELETE" })).status, 204);
    assert.equal((await ask("/api/v1/provider-keys/openai", { method: "DELETE" })).status, 404);
    assert.equal(await keyOf("openai/gpt-x"), secret("file-two"));
  });

  test("no secret is in anything that the server printed, said or wrote down", async () => {
    refuse = true;
    await ask("/api/v1/provider-keys/openai", { method: "PUT", body: JSON.stringify({ key: secret("own") }) });
    const body = JSON.stringify({ model: "openai/gpt-x", messages: [{ role: "user", content: "hi" }] });
    const refused = await ask("/v1/chat/completions", { method: "POST", body });
    const said = await refused.text();
    assert.equal(refused.status, 400);
    assert.match(said, /provider_key_rejected/);
    refuse = false;
    const metrics = await (await ask("/metrics")).text();
    assert.match(metrics, /slipway_egress_total\{purpose="secrets",outcome="ok"\} [1-9]/);
    const printed = server.output();
    assert.match(printed, /a provider's key was rotated/);
    for (const [where, text] of Object.entries({ printed, said, metrics })) assert.equal(leaks(text), 0, where);
    const files = await readdir(server.home, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const content = await readFile(join(file.parentPath, file.name), "latin1");
      assert.equal(leaks(content), 0, join(file.parentPath, file.name));
    }
    // Control: the search finds one in each way that it could be written.
    for (const text of [
      secret("x"),
      Buffer.from(secret("x")).toString("base64"),
      Buffer.from(`a${secret("x")}`).toString("base64"),
      encodeURIComponent(secret("x")),
    ])
      assert.notEqual(leaks(text), 0, text);
  });
});

/** Secrets in the text, as they are or in base64 at any of its three offsets. */
function leaks(text: string): number {
  const forms = [0, 1, 2].map((shift) =>
    Buffer.from("-".repeat(shift) + MARK)
      .toString("base64")
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [MARK, ...forms].filter((form) => text.includes(form)).length;
}

test("references that are wrong or lead nowhere end the start with 2, all in one message, none with a value", async () => {
  const home = await mkdtemp(join(tmpdir(), "slipway-secrets-"));
  const started = spawnSync(process.execPath, [MAIN], {
    encoding: "utf8",
    timeout: 60_000,
    cwd: home,
    env: {
      PATH: process.env["PATH"],
      APP_ENV: "test",
      SLIPWAY_HOME: home,
      API_KEY: "env:NOT_SET",
      OPENAI_API_KEY: "file:/not/there",
      ANTHROPIC_API_KEY: "vault://kv/models#key",
      GEMINI_API_KEY: `gcp-sm://${secret("typo")}`,
      // One that is right is not in the message.
      ENCRYPTION_KEY: "env:RIGHT",
      RIGHT: secret("right"),
    },
  });
  await rm(home, { recursive: true, force: true });
  assert.equal(started.status, 2, started.stderr);
  for (const name of ["API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"])
    assert.match(started.stderr, new RegExp(`^ {2}- ${name} `, "m"));
  assert.doesNotMatch(started.stderr, /ENCRYPTION_KEY/);
  assert.equal(leaks(started.stdout + started.stderr), 0);
});
