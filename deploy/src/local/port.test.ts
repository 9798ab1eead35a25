import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { assertPortFree } from "./port.ts";

test("a free port and port 0 are fine", async () => {
  await assertPortFree("127.0.0.1", 0);
});

test("a taken port is refused, and the hint names one that is free", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  await assert.rejects(assertPortFree("127.0.0.1", address.port), (error: Error & { code?: string; hint?: string }) => {
    assert.equal(error.code, "port_taken");
    assert.match(error.message, new RegExp(`Port ${address.port} is taken`));
    const offered = Number(/--port (\d+)/.exec(error.hint ?? "")?.[1]);
    assert.ok(offered > address.port);
    return true;
  });
});
