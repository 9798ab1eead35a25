import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import { createMessagesCodec } from "./codec.ts";
import { DEFAULT_MAX_TOKENS } from "./encode.ts";

const HELLO: Message = { role: "user", content: [{ type: "text", text: "Hello" }] };

function encode(request: Partial<ModelRequest>): Record<string, unknown> {
  const whole: ModelRequest = { model: "m", messages: [HELLO], tools: [], stream: false, ...request };
  return JSON.parse(createMessagesCodec("key").encode(whole).body ?? "") as Record<string, unknown>;
}

test("efforts become budgets at models that think by budget, and adaptive thinking at the others", () => {
  const ask = (model: string, effort: "none" | "minimal" | "high"): unknown => {
    const { thinking, output_config: config } = encode({ model, reasoning: { effort } });
    return [thinking, config];
  };
  for (const model of [
    "claude-haiku-4-5",
    "claude-sonnet-4-5-20250929",
    "claude-opus-4-1",
    "claude-3-7-sonnet-latest",
    "claude-sonnet-4-20250514",
  ]) {
    assert.deepEqual(ask(model, "high"), [{ type: "enabled", budget_tokens: 24_576 }, undefined], model);
    assert.deepEqual(ask(model, "minimal"), [{ type: "enabled", budget_tokens: 1024 }, undefined], model);
  }
  for (const model of ["claude-opus-4-7", "claude-sonnet-4-6", "claude-sonnet-5", "claude-fable-5-20270101"]) {
    assert.deepEqual(ask(model, "high"), [{ type: "adaptive" }, { effort: "high" }], model);
    assert.deepEqual(ask(model, "minimal"), [{ type: "adaptive" }, { effort: "low" }], model);
  }
  assert.deepEqual(ask("claude-haiku-4-5", "none"), [{ type: "disabled" }, undefined]);
  assert.equal(encode({ reasoning: { budgetTokens: 5000 } })["max_tokens"], DEFAULT_MAX_TOKENS + 5000);
});

test("a budget in another family's words becomes an effort where budgets are refused, and else stays what it is", () => {
  const ask = (model: string, reasoning: ModelRequest["reasoning"]): unknown => {
    const { thinking, output_config: config } = encode({ model, ...(reasoning ? { reasoning } : {}) });
    return [thinking, config];
  };
  const foreign = (budgetTokens: number) => ({ budgetTokens, budgetOf: "google" }) as const;
  const shown = { ...foreign(4096), show: true };
  for (const model of ["claude-opus-4-7", "claude-sonnet-5"]) {
    assert.deepEqual(ask(model, shown), [{ type: "adaptive", display: "summarized" }, { effort: "low" }], model);
    assert.deepEqual(ask(model, foreign(8192)), [{ type: "adaptive" }, { effort: "medium" }], model);
    assert.deepEqual(ask(model, foreign(24_576)), [{ type: "adaptive" }, { effort: "high" }], model);
    assert.deepEqual(ask(model, foreign(0)), [{ type: "disabled" }, undefined], model);
    // What a client of Anthropic's asks for itself is between it and Anthropic.
    assert.deepEqual(ask(model, { budgetTokens: 4096 }), [{ type: "enabled", budget_tokens: 4096 }, undefined], model);
  }
  assert.deepEqual(ask("claude-haiku-4-5", foreign(4096)), [{ type: "enabled", budget_tokens: 4096 }, undefined]);
  // Less than Anthropic takes.
  assert.deepEqual(ask("claude-haiku-4-5", foreign(512)), [{ type: "enabled", budget_tokens: 1024 }, undefined]);
  // Google's -1.
  const dynamic = { adaptive: true, budgetOf: "google" } as const;
  for (const model of ["claude-haiku-4-5", "claude-sonnet-4-20250514"])
    assert.deepEqual(ask(model, dynamic), [{ type: "enabled", budget_tokens: 10_240 }, undefined], model);
  assert.deepEqual(ask("claude-opus-4-7", dynamic), [{ type: "adaptive" }, undefined]);
  assert.deepEqual(
    ask("claude-haiku-4-5", { adaptive: true }),
    [{ type: "adaptive" }, undefined],
    "of Anthropic's own",
  );
});

test("an effort of OpenAI's that a model has no word for is the next lower one", () => {
  const ask = (model: string, reasoning: NonNullable<ModelRequest["reasoning"]>): unknown =>
    encode({ model, reasoning })["output_config"];
  for (const model of ["claude-opus-4-6", "claude-sonnet-4-6", "claude-mythos-preview"]) {
    assert.deepEqual(ask(model, { effort: "xhigh" }), { effort: "high" }, model);
    assert.deepEqual(ask(model, { effort: "max" }), { effort: "max" }, model);
    assert.deepEqual(ask(model, { effort: "xhigh", adaptive: true }), { effort: "xhigh" }, "of Anthropic's own");
    assert.deepEqual(ask(model, { effort: "xhigh", adaptive: false }), { effort: "xhigh" }, "of Anthropic's own");
  }
  for (const model of ["claude-opus-4-7", "claude-sonnet-5", "claude-fable-5"])
    assert.deepEqual(ask(model, { effort: "xhigh" }), { effort: "xhigh" }, model);
});

test("thinking that another family's client switches off is the least that the model knows", () => {
  const ask = (model: string, reasoning: NonNullable<ModelRequest["reasoning"]>): unknown => {
    const { thinking, output_config: config } = encode({ model, reasoning });
    return [thinking, config];
  };
  for (const reasoning of [{ effort: "none" }, { budgetTokens: 0, budgetOf: "google" }] as const) {
    for (const model of ["claude-fable-5", "claude-mythos-preview", "claude-fable-5-1", "claude-opus-5-5"])
      assert.deepEqual(ask(model, reasoning), [undefined, { effort: "low" }], model);
    assert.deepEqual(ask("claude-sonnet-5-5", reasoning), [{ type: "between_tools" }, undefined]);
    for (const model of ["claude-haiku-5-5", "claude-opus-5", "claude-sonnet-5", "claude-opus-4-7", "claude-haiku-4-5"])
      assert.deepEqual(ask(model, reasoning), [{ type: "disabled" }, undefined], model);
  }
  // What a client of Anthropic's asks for itself is between it and Anthropic.
  assert.deepEqual(ask("claude-fable-5", { budgetTokens: 0 }), [{ type: "disabled" }, undefined]);
});

test("a budget that stands for an effort leaves room for the answer; one that was asked for is left as it is", () => {
  const ask = (reasoning: ModelRequest["reasoning"], maxOutputTokens: number): unknown => {
    const body = encode({ model: "claude-haiku-4-5", maxOutputTokens, ...(reasoning ? { reasoning } : {}) });
    return [(body["thinking"] as { budget_tokens: number }).budget_tokens, body["max_tokens"]];
  };
  // Anthropic refuses a budget that is not below the bound of the answer.
  assert.deepEqual(ask({ effort: "high" }, 10_000), [8000, 10_000]);
  assert.deepEqual(ask({ effort: "high" }, 64_000), [24_576, 64_000]);
  assert.deepEqual(ask({ effort: "low" }, 1100), [1024, 1100]);
  assert.deepEqual(ask({ budgetTokens: 5000 }, 4000), [5000, 4000]);
  assert.deepEqual(ask({ budgetTokens: 5000, budgetOf: "google" }, 4000), [3200, 4000]);
  for (const reasoning of [{ effort: "low" }, { budgetTokens: 5000, budgetOf: "google" }] as const) {
    const body = encode({ model: "claude-haiku-4-5", maxOutputTokens: 1024, reasoning });
    assert.equal(body["thinking"], undefined, "there is no room for any");
  }
});
