import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isMap, isScalar, isSeq, type Node, parseAllDocuments } from "yaml";
import { libraryText } from "#render/yaml.ts";
import { EXAMPLES, renderExample } from "../../testing/examples.ts";
import { RULES } from "../rules/all.ts";
import { readFixtures } from "../testing.ts";
import { readSimpleYaml } from "./simple-yaml.ts";

/** All that a rule can see of a node. */
function seen(node: unknown): unknown {
  if (isScalar(node)) return [node.value, node.source, node.type, node.tag, node.range];
  if (isSeq(node)) return ["list", node.flow, node.tag, node.range, node.items.map(seen)];
  if (!isMap(node)) return String(node);
  return ["map", node.flow, node.tag, node.range, node.items.map(({ key, value }) => [seen(key), seen(value)])];
}

/** How many of the texts are read, each as the library reads it. */
function readAlike(texts: readonly string[], read: (text: string) => readonly Node[] | undefined): number {
  let count = 0;
  for (const text of texts) {
    const nodes = read(text);
    if (nodes === undefined) continue;
    const documents = parseAllDocuments(text, { prettyErrors: false });
    assert.ok(Array.isArray(documents));
    assert.deepEqual(
      documents.flatMap(({ errors }) => errors.map(({ message }) => message)),
      [],
      JSON.stringify(text),
    );
    assert.deepEqual(
      nodes.map(seen),
      documents.map(({ contents }) => seen(contents)),
      JSON.stringify(text),
    );
    count += 1;
  }
  return count;
}

const word = fc.constantFrom(
  "a",
  "b: c",
  "no",
  "12",
  "-3",
  "0.5",
  "1.50",
  "0x1f",
  "null",
  "~",
  "# d",
  "two words",
  "x:y",
  "",
  "one\ntwo\n",
  "one\n\n  two",
  "'q'",
  '"',
  "- e",
  "https://f.example/?g#h",
  "\\n",
  "é",
  "key:",
  "Fn::Get",
  "\u0007",
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(word, tie("value"), { maxKeys: 3 }),
  ),
}));
const whole = fc.array(
  fc.dictionary(fc.constantFrom("a", "b", "c d", "12", "/e", "Fn::Sub", "aws:Account", "/v1/{proxy+}"), value, {
    minKeys: 1,
    maxKeys: 3,
  }),
  { minLength: 1, maxLength: 2 },
);
const texts = whole.map((values) => `# first\n${values.map(libraryText).join("---\n")}`);
const piece = fc.constantFrom(
  "",
  " ",
  "  ",
  "\n",
  "\n\n",
  "#",
  " # x",
  ":",
  ": ",
  "-",
  "- ",
  "\t",
  '"',
  "|",
  "|-\n",
  ">",
  "&a ",
  "*a",
  "!t ",
  "{",
  "}",
  "[]",
  ", ",
  "---\n",
  "...\n",
  "%",
  "<<: ",
  "\r",
  "x",
  "0",
  "?",
  "? ",
);
/** A text with a piece put in somewhere, in place of some of its letters. */
const broken = fc.tuple(texts, piece, fc.nat({ max: 999 }), fc.nat({ max: 3 })).map(([text, put, where, gone]) => {
  const at = Math.floor((((where * 617) % 1000) / 1000) * text.length);
  return text.slice(0, at) + put + text.slice(at + gone);
});

const WHOLE = fc.sample(texts, { numRuns: 1500, seed: 1121 });
const BROKEN = fc.sample(broken, { numRuns: 4000, seed: 1122 });

test("what is read is what the library reads, with the same places; what is no YAML is left to it", () => {
  const whole = readAlike(WHOLE, readSimpleYaml);
  assert.ok(whole > 500 && whole < WHOLE.length, `${whole} of ${WHOLE.length}`);
  const damaged = readAlike(BROKEN, readSimpleYaml);
  assert.ok(damaged > 500 && damaged < BROKEN.length, `${damaged} of ${BROKEN.length}`);
});

test("the comparison notices a reader that takes a comment for a line, or a place that is off by one", () => {
  assert.throws(() => readAlike(WHOLE, (text) => readSimpleYaml(` ${text}`.replace(/^ # first\n/, "# firs\n"))));
  assert.throws(() => readAlike(BROKEN, (text) => readSimpleYaml(text.replaceAll(/ #.*/g, ""))));
});

test("what is rendered is read without the library, and alike", async () => {
  const rendered = (await Promise.all(EXAMPLES.map(renderExample))).flat();
  const yaml = rendered.filter(({ path }) => /\.ya?ml$/.test(path) && !/^helm\/.*\/templates\//.test(path));
  const shown = yaml.filter(({ path }) => !path.startsWith("kustomize/"));
  const count = readAlike(
    shown.map(({ text }) => text),
    readSimpleYaml,
  );
  assert.ok(count >= shown.length * 0.9 && shown.length > 50, `${count} of ${shown.length}`);
});

test("files for which rules were made, good and bad, are read alike", () => {
  const fixtures = readFixtures();
  const files = RULES.flatMap(({ id }) => {
    const { bad, good } = fixtures.get(id) ?? assert.fail(id);
    return [...bad.files, ...good.files].map(({ text }) => text);
  });
  assert.ok(readAlike(files, readSimpleYaml) > 20);
});
