import assert from "node:assert/strict";
import { test } from "node:test";
import { createSystemResolver } from "./resolver.ts";

test("equal names are asked for once at a time, and few names at once", async () => {
  const asked: { readonly name: string; readonly answer: () => void }[] = [];
  const resolve = createSystemResolver(
    (name) => new Promise((done) => asked.push({ name, answer: () => done([{ address: "1.1.1.1", family: 4 }]) })),
  );
  const all = ["a", "a", "b", "c", "a"].map((name) => resolve(name));
  await Promise.resolve();
  assert.deepEqual(
    asked.map(({ name }) => name),
    ["a", "b"],
  );
  for (let at = 0; at < 3; at += 1) {
    asked[at]?.answer();
    await new Promise((done) => setImmediate(done));
  }
  assert.deepEqual(
    asked.map(({ name }) => name),
    ["a", "b", "c"],
  );
  assert.deepEqual((await Promise.all(all)).length, 5);
});

test("the system's resolver knows this machine's own name", async () => {
  const found = await createSystemResolver()("localhost");
  assert.ok(found.some(({ address }) => address === "127.0.0.1" || address === "::1"));
});
