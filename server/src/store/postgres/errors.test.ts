import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { toStoreError, violates } from "./errors.ts";

const answered = (code: string): Error =>
  Object.assign(new Error(`what the database said of ${code}`), {
    code,
    detail: "Failing row contains (secret).",
    where: "PL/pgSQL function",
    internalQuery: "select secret",
  });

const CODES: readonly (readonly [string, SlipwayError["code"], RegExp?])[] = [
  ["08006", "database_unavailable"],
  ["53300", "database_unavailable"],
  ["57P01", "database_unavailable"],
  ["57014", "database_unavailable"],
  ["40001", "database_unavailable"],
  ["40P01", "database_unavailable"],
  ["25006", "database_unavailable"],
  ["28P01", "database_unavailable", /DATABASE_URL/],
  ["3D000", "database_unavailable", /DATABASE_URL/],
  ["42P01", "database_unavailable", /slipway migrate/],
  ["22023", "database_unavailable", /slipway migrate/],
  ["42501", "database_unavailable", /grant slipway_app/],
  ["23514", "internal"],
  ["42601", "internal"],
];

for (const [state, code, hint] of CODES) {
  test(`SQLSTATE ${state} is ${code} and shows nothing of the statement or its rows`, () => {
    const error = toStoreError(answered(state));
    assert.equal(error.code, code);
    assert.equal(error.retryAfter !== undefined, code === "database_unavailable");
    if (hint) assert.match(error.hint ?? "", hint);
    assert.doesNotMatch(`${error.message} ${error.hint}`, /said|secret/);
    assert.ok(error.cause instanceof Error && "code" in error.cause && error.cause.code === state);
    assert.deepEqual(Object.keys(error.cause).toSorted(), ["code", "constraint", "table"]);
  });
}

test("errors of the connection are unavailable, and an error of ours stays what it is", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  for (const error of [refused, new Error("timeout exceeded when trying to connect"), "odd", undefined]) {
    assert.equal(toStoreError(error).code, "database_unavailable");
  }
  const own = new SlipwayError("conflict", "x");
  assert.equal(toStoreError(own), own);
});

test("a broken constraint is recognised behind an error of ours", () => {
  assert.ok(violates(toStoreError(answered("23505")), "unique"));
  assert.ok(violates(answered("23503"), "foreign_key"));
  assert.equal(violates(toStoreError(answered("23505")), "foreign_key"), false);
  assert.equal(violates(new Error("x"), "unique"), false);
});
