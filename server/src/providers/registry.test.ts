import assert from "node:assert/strict";
import { test } from "node:test";
import { createProviders } from "./registry.ts";

test("exactly those providers are there whose settings are", async () => {
  assert.deepEqual([...createProviders({}).keys()], []);
  const providers = createProviders({
    mock: {},
    openaiCompatible: { baseUrl: "http://127.0.0.1:11434/v1" },
    google: { apiKey: "g" },
    anthropic: { apiKey: "a" },
    openai: { apiKey: "o" },
  });
  const names = ["openai", "anthropic", "google", "openai-compatible", "mock"];
  assert.deepEqual([...providers.keys()], names);
  assert.deepEqual(
    [...providers.values()].map((provider) => [provider.name, provider.family, provider.mock]),
    [
      ["openai", "openai", false],
      ["anthropic", "anthropic", false],
      ["google", "google", false],
      ["openai-compatible", "openai", false],
      ["mock", "openai", true],
    ],
  );
  await Promise.all([...providers.values()].map((provider) => provider.close()));
});
