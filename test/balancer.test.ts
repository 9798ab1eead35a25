import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { EXAMPLES, renderExample, textOf } from "../deploy/src/testing/examples.ts";
import { freePort } from "../tools/testing/services/free-port.ts";
import { until } from "../tools/testing/services/until.ts";

/** A server that answers its name and the headers that it got. */
async function backend(t: TestContext, name: string): Promise<number> {
  const server = createServer((incoming, answer) => {
    answer.end(
      JSON.stringify({ name, proto: incoming.headers["x-forwarded-proto"], from: incoming.headers["x-forwarded-for"] }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function get(port: number, path: string, host: string): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const asked = request({
      port,
      path,
      host: "127.0.0.1",
      headers: { host, "x-forwarded-for": "6.6.6.6" },
      agent: false,
      timeout: 5_000,
    });
    asked.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer")));
    asked.once("error", reject);
    asked.end();
  });
}

async function command(socketPath: string, line: string): Promise<string> {
  const socket = connect(socketPath);
  let said = "";
  socket.setEncoding("utf8").on("data", (piece: string) => (said += piece));
  socket.end(`${line}\n`);
  await once(socket, "close");
  return said.trim();
}

test("the rendered balancer leads hosts to their services, hides metrics, and sends the next release requests when its weight says so", async (t) => {
  const haproxy = process.env["HAPROXY_PATH"];
  if (!haproxy) {
    t.skip("requires HAProxy: ./slipway test sets it up, or set HAPROXY_PATH");
    return;
  }
  const example = EXAMPLES.find(({ system, target }) => system === "atp" && target === "compose");
  assert.ok(example);
  const [router, next, memory, port] = [
    await backend(t, "router"),
    await backend(t, "next"),
    await backend(t, "memory"),
    await freePort(),
  ];
  const folder = await mkdtemp(join(tmpdir(), "slipway-balancer-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const socket = join(folder, "admin.sock");
  // The addresses of this machine in the place of names that the engine's DNS knows, and no DNS; nothing else is changed.
  const text = textOf(await renderExample(example), "haproxy.cfg")
    .replace("bind :8080", `bind 127.0.0.1:${port}`)
    .replace("/tmp/admin.sock", socket)
    .replaceAll(" resolvers engine init-addr none", "")
    .replaceAll(" router:8080", ` 127.0.0.1:${router}`)
    .replaceAll(" router-next:8080", ` 127.0.0.1:${next}`)
    .replaceAll(/ memory(-next)?:8000/g, ` 127.0.0.1:${memory}`);
  await writeFile(join(folder, "haproxy.cfg"), text);
  const balancer = spawn(haproxy, ["-db", "-f", join(folder, "haproxy.cfg")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  t.after(async () => {
    balancer.kill("SIGKILL");
    if (balancer.exitCode === null && balancer.signalCode === null) await once(balancer, "exit");
  });
  const answers = async (): Promise<boolean> =>
    (await get(port, "/", "router.atp.example").catch(() => undefined))?.status === 200;
  assert.ok(await until(answers, 20_000), "the balancer does not answer");

  const who = async (host: string): Promise<string> =>
    (JSON.parse((await get(port, "/v1/models", host)).text) as { name: string }).name;
  assert.equal(await who("router.atp.example"), "router");
  assert.equal(await who("memory.localhost:8080"), "memory");
  assert.equal(await who("unknown.example"), "router");
  assert.equal((await get(port, "/metrics", "router.atp.example")).status, 404);
  // What a client says of itself is not handed on.
  const { text: told } = await get(port, "/", "router.atp.example");
  assert.deepEqual(JSON.parse(told), { name: "router", proto: "http", from: "127.0.0.1" });

  const several = async (): Promise<ReadonlySet<string>> => {
    const names = new Set<string>();
    for (let count = 0; count < 20; count += 1) names.add(await who("router.atp.example"));
    return names;
  };
  assert.deepEqual(await several(), new Set(["router"]));
  for (const slot of [1, 2, 3, 4]) assert.equal(await command(socket, `set weight router/next${slot} 100`), "");
  assert.deepEqual(await several(), new Set(["router", "next"]));
  for (const slot of [1, 2, 3, 4]) assert.equal(await command(socket, `set weight router/current${slot} 0`), "");
  assert.deepEqual(await several(), new Set(["next"]));
});
