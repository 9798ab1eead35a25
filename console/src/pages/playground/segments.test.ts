import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { splitSegments } from "./segments.ts";

test("prose and code are told apart, and keep their whitespace", () => {
  assert.deepEqual(splitSegments("Do this:\n\n```ts\nif (a) {\n  b();\n}\n```\n\nThen  that."), [
    { kind: "text", text: "Do this:" },
    { kind: "code", language: "ts", text: "if (a) {\n  b();\n}" },
    { kind: "text", text: "Then  that." },
  ]);
});

test("a fence that is still open is code to the end", () => {
  assert.deepEqual(splitSegments("```\nconst a"), [{ kind: "code", language: "", text: "const a" }]);
});

test("a shorter or other fence inside does not close a longer one", () => {
  assert.deepEqual(splitSegments("````md\n```js\nx\n```\n~~~~\n````\nend"), [
    { kind: "code", language: "md", text: "```js\nx\n```\n~~~~" },
    { kind: "text", text: "end" },
  ]);
});

test("backticks within a line open nothing", () => {
  assert.deepEqual(splitSegments("Run ```x``` now\n``` a `b` ```"), [
    { kind: "text", text: "Run ```x``` now\n``` a `b` ```" },
  ]);
});

test("no visible character is ever lost but the fences' own", () => {
  const line = fc.oneof(fc.constantFrom("```", "```ts", "~~~", "````", "", "  indented"), fc.string({ maxLength: 12 }));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      const shown = splitSegments(lines.join("\n")).flatMap((segment) => segment.text.split("\n"));
      const plain = lines.filter((candidate) => !/^ {0,3}(`{3,}|~{3,})/.test(candidate) && candidate.trim() !== "");
      let from = 0;
      for (const expected of plain) {
        const at = shown.indexOf(expected, from);
        assert.ok(at >= from, `lost: ${JSON.stringify(expected)}`);
        from = at + 1;
      }
    }),
  );
});
