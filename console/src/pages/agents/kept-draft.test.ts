import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_DRAFT } from "./agent-draft.ts";
import { forgetDraft, keepDraft, keptDraft } from "./kept-draft.ts";

test("a draft is kept for its owner and its form alone, and once", () => {
  const place = { owner: "t/k", version: "h1" };
  const draft = { ...EMPTY_DRAFT, instructions: "Speak of ships." };
  keepDraft(place, draft);
  assert.equal(keptDraft({ ...place, owner: "t/other" }), undefined);
  assert.equal(keptDraft({ ...place, version: "h2" }), undefined);
  assert.equal(keptDraft(place), draft);
  forgetDraft();
  assert.equal(keptDraft(place), undefined);
});
