import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultModel, groupModels } from "./model-choice.ts";

const MODELS = [
  { id: "gpt-5", owned_by: "openai" },
  { id: "claude", owned_by: "anthropic" },
  { id: "gpt-5-mini", owned_by: "openai" },
  { id: "agent/greeter", owned_by: "slipway" },
];

test("agents come first, then each owner's models together", () => {
  assert.deepEqual(groupModels(MODELS, "gpt-5"), [
    { label: "Agents", options: ["agent/greeter"] },
    { label: "openai", options: ["gpt-5", "gpt-5-mini"] },
    { label: "anthropic", options: ["claude"] },
  ]);
});

test("a model that the server does not offer is still shown, under its own heading", () => {
  assert.deepEqual(groupModels([], "gone"), [{ label: "Not offered by this server", options: ["gone"] }]);
  assert.deepEqual(groupModels([], ""), []);
});

test("the first agent is chosen before any model, and nothing out of nothing", () => {
  assert.equal(defaultModel(MODELS), "agent/greeter");
  assert.equal(defaultModel(MODELS.slice(0, 2)), "gpt-5");
  assert.equal(defaultModel([]), "");
});
