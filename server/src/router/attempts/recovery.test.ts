import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "@slipway/contracts/errors.ts";
import { routeSpecSchema } from "@slipway/contracts/spec/route.ts";
import { createRouter } from "../router.ts";
import { failWith, hear, scriptedProvider, testBooks, testLog, testOrigin, testRequest } from "../testing.ts";

/** What the client is told where a target fails in one way and its fallback in another. */
async function told(first: ErrorCode, then: ErrorCode): Promise<ErrorCode | undefined> {
  const [one, other] = [scriptedProvider("google"), scriptedProvider("openai")];
  one.script(failWith(first));
  other.script(failWith(then));
  const providers = new Map([
    ["google", one],
    ["openai", other],
  ]);
  const router = createRouter({ ...testBooks(), log: testLog(), providers, random: () => 0 });
  const spec = routeSpecSchema.parse({
    name: "everyday",
    targets: [{ target: "google/m" }],
    fallback: ["openai/m"],
    retry: { retries: 0 },
  });
  router.setRoutes({ file: [spec], fileVersion: "1" });
  const { error } = await hear((sink) =>
    router.call(router.resolve("everyday", "t"), testRequest("everyday"), testOrigin(), sink),
  );
  assert.equal(other.asked.length, 1);
  return error?.code;
}

test("what a fallback cannot do is no news where a target failed, or wrote what is of no use", async () => {
  for (const failure of ["provider_error", "provider_timeout", "provider_answer_unusable"] as const) {
    for (const inability of ["unsupported_field", "model_not_found"] as const) {
      assert.equal(await told(failure, inability), failure);
      assert.equal(await told(inability, failure), failure);
    }
  }
  // Control: of two failures, and of two things that cannot be done, the last is told.
  assert.equal(await told("provider_error", "provider_answer_unusable"), "provider_answer_unusable");
  assert.equal(await told("unsupported_field", "model_not_found"), "model_not_found");
});
