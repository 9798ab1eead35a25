import assert from "node:assert/strict";
import { test } from "node:test";
import { ifMatch } from "./if-match.ts";

test("If-Match is read as RFC 9110 has it: tags, any, and weak ones that match nothing", () => {
  assert.equal(ifMatch(undefined), undefined);
  assert.equal(ifMatch(" * "), undefined);
  assert.deepEqual(ifMatch('"a"'), ["a"]);
  assert.deepEqual(ifMatch('"a", W/"b" ,"c"'), ["a", "c"]);
  assert.deepEqual(ifMatch('W/"a"'), []);
});

test("what is no list of tags is refused by name, and never taken for no condition", () => {
  for (const header of ["", "a", '"a" "b"', '"a",', "'a'", Array(21).fill('"a"').join(",")]) {
    assert.throws(() => ifMatch(header), { code: "invalid_request", param: "If-Match" }, header);
  }
});
