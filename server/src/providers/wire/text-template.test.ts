import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TextTemplate } from "./text-template.ts";

test("a chunk like the one before is read without parsing, another one is not", () => {
  const template = new TextTemplate();
  const chunk = (text: string, id = "c1"): string =>
    JSON.stringify({ id, choices: [{ delta: { content: text }, finish_reason: null }] });
  assert.equal(template.match(chunk("one")), undefined);
  template.learn(chunk("one"), "one");
  assert.equal(template.match(chunk("zwei")), "zwei");
  assert.equal(template.match(chunk("日本 👋🏽")), "日本 👋🏽");
  assert.equal(template.match(chunk("")), "");
  assert.equal(template.match(chunk('a "quote"')), undefined);
  assert.equal(template.match(chunk("a\nline")), undefined);
  assert.equal(template.match(chunk("two", "c2")), undefined);
  assert.equal(template.match(chunk("two").replace("null", '"stop"')), undefined);
  assert.equal(template.match(""), undefined);
});

test("padding and a number that each chunk has its own of are passed over", () => {
  const chunk = (text: string, number: number, padding: string): string =>
    JSON.stringify({ type: "delta", sequence_number: number, delta: text, logprobs: [], obfuscation: padding });
  const template = new TextTemplate();
  template.learn(chunk("one", 4, "x7Kq"), "one");
  assert.equal(template.match(chunk("zwei", 5, "A")), "zwei");
  assert.equal(template.match(chunk("", 1000, "")), "");
  assert.equal(template.match(chunk("日本", 0, "obfuscation")), "日本");
  assert.equal(template.match(chunk("two", 6, 'a "quote"')), undefined);
  assert.equal(template.match(chunk('a "quote"', 6, "b")), undefined);
  assert.equal(template.match(chunk("two", 6, "a\\b")), undefined);
  assert.equal(template.match(chunk("two", 6.5, "b")), undefined);
  assert.equal(template.match(chunk("two", -6, "b")), undefined);
  // What no parser takes is not read either.
  assert.equal(template.match(chunk("two", 6, "b").replace(":6", ":06")), undefined);
  assert.equal(template.match(chunk("two", 6, "b").replace(":6", ":")), undefined);
  assert.equal(template.match(chunk("two", 6, "b").replace("[]", "[1]")), undefined);
  assert.equal(template.match(chunk("two", 6, "b").slice(0, -2)), undefined);
});

test("a chunk whose text stands in it twice, or that has a backslash, teaches nothing", () => {
  for (const [data, text] of [
    ['{"id":"a","text":"a"}', "a"],
    ['{"id":"a","text":"\\u0061"}', "a"],
    ['{"id":"x\\n","text":"a"}', "a"],
  ] as const) {
    const template = new TextTemplate();
    template.learn(data, text);
    assert.equal(template.match(data), undefined, data);
  }
});

test("chunks that are never alike are soon not looked at any more", () => {
  const template = new TextTemplate();
  const padded = (n: number): string => `{"text":"t${n}","padding":"${"p".repeat(n)}"}`;
  for (let n = 0; n < 20; n += 1) template.learn(padded(n), `t${n}`);
  assert.equal(template.match(padded(19)), undefined);
});

test("whatever comes, a match says what parsing says", () => {
  const value = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom("a", "b", '"', "\\", '","text":"', '"}', "", "ü"),
  );
  const texts = fc.array(value, { minLength: 2, maxLength: 12 });
  let matches = 0;
  fc.assert(
    fc.property(value, value, texts, fc.nat(3), (id, other, all, form) => {
      const template = new TextTemplate();
      let numbered = form + id.length;
      for (const text of all) {
        const number = (7 * numbered++) % 1000;
        const counted = form % 2 === 0 ? {} : { sequence_number: number };
        const padded = form < 2 ? {} : { obfuscation: id + text.slice(number % 4) };
        const data = JSON.stringify({ id, ...counted, text, other, ...padded });
        const matched = template.match(data);
        if (matched === undefined) template.learn(data, text);
        else {
          matches += 1;
          assert.equal(matched, (JSON.parse(data) as { text: string }).text);
        }
      }
    }),
    { numRuns: 3_000 },
  );
  assert.ok(matches > 1_000, `only ${matches} matches`);
});
