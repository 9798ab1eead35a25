import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, errorOfBody, errorOfResponse, isSignedOut, toApiError } from "./api-error.ts";

test("problem details are read with their hint and request id", async () => {
  const error = await errorOfResponse(
    Response.json(
      {
        type: "x",
        title: "Unauthenticated",
        status: 401,
        detail: "Wrong key.",
        code: "unauthenticated",
        hint: "Copy it again.",
        requestId: "req_1",
      },
      { status: 401 },
    ),
  );
  assert.deepEqual(
    [error.status, error.code, error.message, error.hint, error.requestId],
    [401, "unauthenticated", "Wrong key.", "Copy it again.", "req_1"],
  );
  assert.equal(isSignedOut(error), true);
});

test("an error of the OpenAI paths is read from its own shape", () => {
  const error = errorOfBody(
    404,
    { error: { message: "No such model.", type: "invalid_request_error", code: "model_not_found", param: "model" } },
    "req_2",
  );
  assert.deepEqual(
    [error.code, error.message, error.hint, error.param, error.requestId],
    ["model_not_found", "No such model.", undefined, "model", "req_2"],
  );
  assert.equal(isSignedOut(error), false);
});

test("an answer that explains nothing still gives a sentence and the request id of its header", async () => {
  const error = await errorOfResponse(
    new Response("<html>Bad gateway</html>", { status: 502, headers: { "x-request-id": "req_3" } }),
  );
  assert.deepEqual([error.status, error.code, error.requestId], [502, "http_502", "req_3"]);
  assert.match(error.message, /502/);
});

test("anything thrown becomes an error with a sentence, and an ApiError stays itself", () => {
  const known = new ApiError({ status: 429, code: "rate_limited", message: "Too many." });
  assert.equal(toApiError(known), known);
  assert.equal(toApiError(new TypeError("x is not a function")).code, "console_failed");
  assert.equal(isSignedOut(new TypeError("no")), false);
});
