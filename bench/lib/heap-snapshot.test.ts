import assert from "node:assert/strict";
import { test } from "node:test";
import { getHeapSnapshot, getHeapStatistics } from "node:v8";
import { Script } from "node:vm";
import { heapOfKinds } from "./heap-snapshot.ts";

async function kindsNow() {
  let json = "";
  for await (const chunk of getHeapSnapshot()) json += String(chunk);
  return heapOfKinds(json);
}

test("a heap is told apart into what the program holds and what V8 notes of it", async () => {
  const first = await kindsNow();
  const { used_heap_size: used } = getHeapStatistics();
  const all = first.objects + first.engine;
  assert.ok(all > used / 4 && all <= used, `${all} of ${used}`);

  const kept = Array.from({ length: 30_000 }, (_, at) => ({ at, text: `text ${at}` }));
  const withObjects = await kindsNow();
  assert.ok(withObjects.objects - first.objects > kept.length * 40, "objects that are held are not seen");
  assert.ok(withObjects.engine - first.engine < 1_000_000, "objects are taken for V8's own");

  const made = Array.from({ length: 2000 }, (_, at) => new Script(`((a) => a + ${at} + [a, ${at}].length)(1)`));
  for (const one of made) one.runInThisContext();
  const withCode = await kindsNow();
  const code = withCode.engine - withObjects.engine;
  assert.ok(code > made.length * 100, "code is not seen");
  assert.ok(withCode.objects - withObjects.objects < code, "code is taken for objects");
});

test("what is no snapshot is refused", () => {
  assert.throws(
    () => heapOfKinds('{"snapshot":{"meta":{"node_fields":["id"],"node_types":[]}},"nodes":[]}'),
    TypeError,
  );
});
