import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelRequest, Part } from "@slipway/contracts/model/request.ts";
import type { Demand } from "#limits/declared/reservation.ts";
import { TargetStates } from "./attempts/target-state.ts";
import { demandOf } from "./demand.ts";
import { createPriceTable, NO_CATALOGUE } from "./price/price-table.ts";
import { implicitRoute } from "./routes/implicit.ts";
import { scriptedProvider, testRequest } from "./testing.ts";

const BYTES = 400_000;

/** What a request with these parts, and nothing else to speak of, wants; a token costs a thousand nano-dollars. */
function demandFor(...content: readonly Part[]): Demand {
  return demandOfRequest({ messages: [{ role: "user", content }] });
}

function demandOfRequest(fields: Partial<ModelRequest>): Demand {
  const provider = scriptedProvider("openai");
  const route = implicitRoute("openai/m", new Map([["openai", provider]]), new TargetStates(() => {}), null);
  const overrides = { openai: { m: { input: 1, output: 1 } } };
  const prices = createPriceTable({ catalogue: NO_CATALOGUE, overrides, providers: [provider] });
  return demandOf({ ...testRequest("openai/m"), ...fields }, route, prices);
}

function textFile(mediaType: string): Part {
  const data = Buffer.from("x".repeat(BYTES)).toString("base64");
  return { type: "file", source: { kind: "base64", mediaType, data } };
}

test("text is reserved for by its bytes, as a text, as a document, as data, and where it is sealed", () => {
  const said = demandFor({ type: "text", text: "x".repeat(BYTES) });
  assert.ok(said.tokens >= BYTES / 4 && said.worst !== null && said.worst >= BYTES * 1000);
  const others: readonly Part[] = [
    { type: "file", source: { kind: "text", text: "x".repeat(BYTES) } },
    textFile("text/plain"),
    textFile("Text/Markdown; charset=utf-8"),
    { type: "reasoning", text: "", signature: "x".repeat(BYTES), signedBy: "anthropic" },
  ];
  for (const part of others) assert.deepEqual(demandFor(part), said, JSON.stringify(part).slice(0, 100));
});

test("what a structured answer is for is reserved for as its schema is", () => {
  const asked = (description: string) =>
    demandOfRequest({ responseFormat: { type: "json_schema", name: "n", description, schema: {} } });
  assert.equal(asked("x".repeat(BYTES)).tokens, asked("").tokens + BYTES / 4);
});

test("a file that is no text is reserved for as a whole, whatever its size", () => {
  assert.equal(demandFor(textFile("application/pdf")).tokens, demandFor().tokens + 20_000);
});
