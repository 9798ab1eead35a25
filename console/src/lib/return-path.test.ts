import assert from "node:assert/strict";
import { test } from "node:test";
import { safeReturnPath } from "./return-path.ts";

test("a page of the console is kept, with its search", () => {
  assert.equal(safeReturnPath("/agents"), "/agents");
  assert.equal(safeReturnPath("/playground?model=agent%2Fgreeter"), "/playground?model=agent%2Fgreeter");
  assert.equal(safeReturnPath("/a/../agents#part"), "/agents");
});

test("nothing that leads to another host or runs a script is kept", () => {
  const hostile = [
    "//evil.example/console",
    String.raw`/\evil.example`,
    String.raw`\\evil.example`,
    "/\t/evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "agents",
    "",
    "/" + "a".repeat(3000),
    7,
    null,
    undefined,
    ["/agents"],
  ];
  for (const value of hostile) assert.equal(safeReturnPath(value), undefined, JSON.stringify(value));
});

test("the sign-in page itself is no place to go back to", () => {
  assert.equal(safeReturnPath("/sign-in?return=%2Fagents"), undefined);
});
