import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "./nearest.ts";

test("a typing error leads to the name that was meant", () => {
  const names = ["router", "start", "streams"];
  assert.equal(nearest("roter", names), "router");
  assert.equal(nearest("strat", names), "start");
  assert.equal(nearest("ruoter", names), "router");
});

test("what resembles nothing leads nowhere", () => {
  assert.equal(nearest("database", ["router", "start"]), undefined);
  assert.equal(nearest("x", []), undefined);
});
