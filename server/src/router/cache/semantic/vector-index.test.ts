import assert from "node:assert/strict";
import { test } from "node:test";
import { product, unitVector } from "./unit-vector.ts";
import { type IndexBounds, type IndexEntry, VectorIndex } from "./vector-index.ts";

const WIDE: IndexBounds = { bytes: 1e6, tenantBytes: 1e6, tenantEntries: 1_000, shelfEntries: 1_000 };
const DAY = 86_400_000;

function unit(...numbers: readonly number[]): Float32Array {
  const vector = unitVector(numbers);
  assert.ok(vector);
  return vector;
}

function entry(key: string, change: Partial<IndexEntry> = {}): IndexEntry {
  return { tenantId: "t", shelf: "s", key, vector: unit(1, 0), at: 0, expiresAt: DAY, ...change };
}

const has = (index: VectorIndex, key: string, shelf = "s"): boolean => {
  const found: string[] = [];
  const any = { least: -1, from: 0, now: 1 };
  for (let next = index.nearest(shelf, unit(1, 0), any); next; next = index.nearest(shelf, unit(1, 0), any)) {
    found.push(next.key);
    index.delete(next.key);
  }
  return found.includes(key);
};

test("a vector is brought to length 1, from numbers or base64; one without a direction is none", () => {
  assert.deepEqual([...unit(3, 4)], [...Float32Array.of(0.6, 0.8)]);
  const bytes = Buffer.alloc(8);
  bytes.writeFloatLE(3, 0);
  bytes.writeFloatLE(4, 4);
  assert.deepEqual(unitVector(bytes.toString("base64")), unit(3, 4));
  for (const none of [[], [0, 0], [Number.NaN, 1], [1e300, 1], Array.from({ length: 16_385 }, () => 1)])
    assert.equal(unitVector(none), undefined);
  const whole = unit(1, 2, 3, 4, 5, 6, 7);
  assert.ok(Math.abs(product(whole, whole, 0, 7) - 1) < 1e-6);
  assert.ok(Math.abs(product(whole, whole, 1, 6) - 90 / 140) < 1e-6);
});

test("the nearest of the shelf is found, of those that are new enough and have not expired", () => {
  const index = new VectorIndex(WIDE);
  index.add(entry("far", { vector: unit(0, 1) }));
  index.add(entry("near", { vector: unit(9, 1) }));
  index.add(entry("elsewhere", { shelf: "r" }));
  index.add(entry("old", { at: -5 }));
  index.add(entry("expired", { expiresAt: 10 }));
  const nearest = (shelf: string, from: number, least = -1) =>
    index.nearest(shelf, unit(1, 0), { least, from, now: 10 })?.key;
  assert.equal(nearest("s", 0), "near");
  assert.equal(nearest("s", -5), "old");
  assert.equal(nearest("nowhere", 0), undefined);
  assert.equal(nearest("s", 0, 0.99), "near");
  assert.equal(nearest("s", 0, 0.999), undefined);
  assert.equal(index.entries, 4, "the expired one is gone");
  assert.equal(index.nearest("s", unit(1, 0, 0), { least: -1, from: 0, now: 10 }), undefined, "of another length");
});

test("a search that leaves out what cannot be near finds what one that compares everything finds", () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5;
  const index = new VectorIndex({ ...WIDE, bytes: 1e8, tenantBytes: 1e8 });
  const vectors = Array.from({ length: 200 }, () => unit(...Array.from({ length: 601 }, random)));
  for (const [at, vector] of vectors.entries()) index.add(entry(String(at), { vector }));
  let found = 0;
  for (let round = 0; round < 300; round += 1) {
    // From a kept one's twin to something far from all.
    const near = vectors[round % 200];
    assert.ok(near);
    const asked = unit(...Array.from(near, (value) => value + (random() * round) / 1_500));
    const least = 0.5 + (round % 10) / 20;
    const products = vectors.map((vector) => product(asked, vector, 0, 601));
    const best = Math.max(...products);
    const nearest = index.nearest("s", asked, { least, from: 0, now: 1 });
    if (best < least - 2e-6) assert.equal(nearest, undefined);
    else if (best > least) {
      found += 1;
      assert.equal(nearest?.key, String(products.indexOf(best)));
    }
  }
  assert.ok(found > 50 && found < 300, `${found}`);
});

test("a shelf, a tenant and all together have bounds; what was used longest ago goes", () => {
  const shelves = new VectorIndex({ ...WIDE, shelfEntries: 2 });
  for (const key of ["a", "b"]) shelves.add(entry(key));
  shelves.touch("a");
  shelves.add(entry("c"));
  assert.equal(shelves.entries, 2);
  assert.equal(has(shelves, "b"), false);

  const tenants = new VectorIndex({ ...WIDE, tenantEntries: 2 });
  tenants.add(entry("u", { tenantId: "u", shelf: "u" }));
  for (const key of ["a", "b", "c"]) tenants.add(entry(key, { shelf: key }));
  assert.equal(tenants.entries, 3, "the other tenant's stays");
  assert.equal(has(tenants, "u", "u"), true);
  assert.equal(has(tenants, "a", "a"), false);

  const size = new VectorIndex(WIDE);
  size.add(entry("a"));
  const one = size.bytes;
  const bytes = new VectorIndex({ ...WIDE, tenantBytes: 2 * one });
  for (const key of ["a", "b", "c"]) bytes.add(entry(key));
  assert.deepEqual([bytes.entries, bytes.bytes], [2, 2 * one]);
  const all = new VectorIndex({ ...WIDE, bytes: 2 * one });
  for (const key of ["a", "b", "c"]) all.add(entry(key, { tenantId: key, shelf: key }));
  assert.deepEqual([all.entries, all.bytes], [2, 2 * one]);
  assert.equal(has(all, "a", "a"), false);
  const none = new VectorIndex({ ...WIDE, bytes: one - 1 });
  none.add(entry("a"));
  assert.deepEqual([none.entries, none.bytes], [0, 0]);
});

test("after thousands of changes the bounds hold and nothing is counted that is not there", () => {
  const bounds = { bytes: 40_000, tenantBytes: 15_000, tenantEntries: 20, shelfEntries: 6 };
  const index = new VectorIndex(bounds);
  let seed = 1;
  const random = (most: number): number => (seed = (seed * 48_271) % 2_147_483_647) % most;
  const keys = new Set<string>();
  for (let step = 0; step < 5_000; step += 1) {
    const tenantId = `t${random(8)}`;
    const key = `k${random(300)}`;
    keys.add(key);
    const vector = unit(...Array.from({ length: 1 + random(40) }, () => 1 + random(9)));
    const done = random(10);
    if (done === 0) index.delete(key);
    else if (done === 1) index.touch(key);
    else index.add(entry(key, { tenantId, shelf: `${tenantId}/${random(5)}`, vector }));
    assert.ok(index.bytes <= bounds.bytes && index.bytes >= 0);
  }
  assert.ok(index.entries > 10);
  for (const key of keys) index.delete(key);
  assert.deepEqual([index.entries, index.bytes], [0, 0]);
});
