import assert from "node:assert/strict";
import { test } from "node:test";
import { routeSpecSchema } from "@slipway/contracts/spec/route.ts";
import { createRouter } from "../router.ts";
import { scriptedProvider, testLog, testBooks } from "../testing.ts";
import { routeProblems } from "./check.ts";

const spec = (route: object) => routeSpecSchema.parse(route);
const to = (...targets: string[]) => targets.map((target) => ({ target }));

function make(...names: string[]) {
  const providers = new Map(names.map((name) => [name, scriptedProvider(name)]));
  const log = testLog();
  const router = createRouter({ ...testBooks(), log, providers });
  const where = (model: string, tenantId = "t"): string =>
    router
      .resolve(model, tenantId)
      .pools.map(({ targets }) => targets.map((target) => `${target.provider.name}/${target.model}`).join(" "))
      .join(" | ");
  return { router, where, log };
}

test("without any route a name leads where it always led, and has no version", () => {
  const { router, where } = make("openai", "anthropic");
  assert.equal(where("gpt-5-mini"), "openai/gpt-5-mini");
  assert.equal(where("anthropic/claude"), "anthropic/claude");
  assert.equal(router.routesVersion, null);
  assert.equal(router.resolve("gpt-5-mini", "t").version, null);
  assert.equal(router.resolve("gpt-5-mini", "t"), router.resolve("gpt-5-mini", "t"), "made once");
  assert.throws(() => router.resolve("nobody-knows", "t"), { code: "model_not_found" });
});

test("a written name comes before a pattern, the first pattern before the next, and both before what a name says itself", () => {
  const { router, where } = make("openai", "anthropic");
  const file = [
    spec({ name: "exact", models: ["gpt-5"], targets: to("anthropic/a"), fallback: ["openai/b"] }),
    spec({ name: "narrow", models: ["gpt-*-mini", "claude*"], targets: to("openai/small-*", "anthropic/*") }),
    spec({ name: "wide", models: ["gpt-*"], targets: to("openai/gpt-*") }),
  ];
  router.setRoutes({ file, fileVersion: "f1" });
  assert.equal(where("gpt-5"), "anthropic/a | openai/b");
  assert.equal(where("gpt-5-mini"), "openai/small-5 anthropic/5");
  assert.equal(where("gpt-$&-mini"), "openai/small-$& anthropic/$&");
  assert.equal(where("gpt--mini"), "openai/small- anthropic/");
  assert.equal(where("gpt-6"), "openai/gpt-6");
  assert.equal(where("o3"), "openai/o3");
  assert.deepEqual(router.routeNames("t"), ["gpt-5"]);
});

test("a tenant's route comes before the file's, and no other tenant sees it", () => {
  const { router, where } = make("openai", "anthropic");
  router.setRoutes({ file: [spec({ name: "chat", targets: to("openai/shared") })], fileVersion: "f1" });
  const stored = [{ tenantId: "one", spec: { name: "chat", targets: to("anthropic/own") } }];
  router.setRoutes({ stored, storedVersion: 7 });
  assert.equal(where("chat", "one"), "anthropic/own");
  assert.equal(where("chat", "two"), "openai/shared");
  assert.equal(router.routesVersion, "7-f1");
  assert.equal(router.resolve("chat", "one").version, "7-f1");
  router.setRoutes({ stored: [], storedVersion: 8 });
  assert.equal(where("chat", "one"), "openai/shared");
});

test("a stored route that is not understood is left out and told; one whose providers are away says so", () => {
  const { router, where, log } = make("openai");
  const stored = [
    { tenantId: "t", spec: { name: "future", strategy: "telepathy", targets: to("openai/x") } },
    { tenantId: "t", spec: { name: "away", targets: to("google/x") } },
    { tenantId: "t", spec: { name: "half", targets: to("google/x", "openai/y") } },
  ];
  router.setRoutes({ stored, storedVersion: 2 });
  assert.equal(log.lines.length, 1);
  assert.throws(() => router.resolve("future", "t"), { code: "model_not_found" });
  assert.throws(() => router.resolve("away", "t"), { code: "provider_not_configured" });
  assert.equal(where("half"), "openai/y");
});

test("a target keeps its health over a reload", () => {
  const { router } = make("openai");
  const file = [spec({ name: "chat", targets: to("openai/x") })];
  router.setRoutes({ file, fileVersion: "f1" });
  const before = router.resolve("chat", "t").only?.state;
  router.setRoutes({ file, fileVersion: "f2" });
  assert.equal(router.resolve("chat", "t").version, "0-f2");
  assert.equal(router.resolve("chat", "t").only?.state, before);
});

test("a name of any length is answered, and a long one is not kept", () => {
  const { router } = make("openai");
  router.setRoutes({ file: [spec({ name: "all", models: ["x*"], targets: to("openai/y") })], fileVersion: "f1" });
  const long = "x".repeat(1_000_000);
  assert.notEqual(router.resolve(long, "t"), router.resolve(long, "t"));
});

test("two routes that take one name, and a provider that is not there, are told with their place", () => {
  const specs = [
    spec({ name: "one", models: ["a", "b"], targets: to("openai/x") }),
    spec({ name: "two", models: ["b"], targets: to("opanai/x"), fallback: ["google/y"] }),
    spec({ name: "two", models: ["c"], targets: to("openai/x") }),
  ];
  assert.deepEqual(
    routeProblems(specs, ["openai"]).map(({ path, message, suggestion }) => [path.join("."), message, suggestion]),
    [
      ["1.models.0", "the route one takes b already", undefined],
      ["2.name", "there is another route named two", undefined],
      ["1.targets.0.target", "the provider opanai is not configured here (configured: openai)", "openai"],
      ["1.fallback.0", "the provider google is not configured here (configured: openai)", undefined],
    ],
  );
  assert.deepEqual(routeProblems([spec({ name: "one", targets: to("any/x") })], ["mock"]), []);
});

test("a semantic cache needs an embedding model, but not where the mock answers", () => {
  const specs = [spec({ name: "one", targets: to("openai/x"), cache: { ttl: "1h", semantic: {} } })];
  assert.deepEqual(
    routeProblems(specs, ["openai"], false).map(({ path }) => path),
    [[0, "cache", "semantic"]],
  );
  assert.deepEqual(routeProblems(specs, ["openai"], true), []);
  assert.deepEqual(routeProblems(specs, ["mock"], false), []);
});
