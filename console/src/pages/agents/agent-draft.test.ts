import assert from "node:assert/strict";
import { test } from "node:test";
import { definitionOf, draftOf, EMPTY_DRAFT, fieldOf } from "./agent-draft.ts";

test("a definition comes out of the form as it went in, also what the form has no field for", () => {
  const definition = {
    description: "A desk.",
    instructions: "Be of use.\n",
    model: "gpt-5-mini",
    limits: { maxSteps: 3, timeoutSeconds: 20 },
  };
  assert.deepEqual(definitionOf(draftOf("desk", definition), definition), definition);
  const plain = { description: "A desk.", instructions: "Be of use." };
  assert.deepEqual(definitionOf(draftOf("desk", plain), plain), plain);
});

test("an emptied field is left out, and what is no number is left to the server to name", () => {
  const before = { description: "x", instructions: "x", model: "m", limits: { maxOutputTokens: 5 } };
  const draft = { ...draftOf("desk", before), model: " ", maxOutputTokens: "", timeoutSeconds: "soon" };
  assert.deepEqual(definitionOf(draft, before), {
    description: "x",
    instructions: "x",
    limits: { timeoutSeconds: "soon" },
  });
});

test("an error is shown at the field that it names, and elsewhere when there is none", () => {
  assert.equal(fieldOf("name"), "name");
  assert.equal(fieldOf("limits.maxOutputTokens"), "maxOutputTokens");
  for (const param of ["limits.maxSteps", "body", "toString", undefined]) assert.equal(fieldOf(param), undefined);
  assert.equal(Object.keys(EMPTY_DRAFT).length, 7);
});
