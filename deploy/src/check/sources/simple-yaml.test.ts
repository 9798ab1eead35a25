import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readSimpleYaml, simpleValue } from "@slipway/contracts/spec/simple-yaml.ts";
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments } from "yaml";
import { libraryText } from "#render/yaml.ts";
import { EXAMPLES, exampleText, renderExample, SYSTEMS } from "../../testing/examples.ts";
import { RULES } from "../rules/all.ts";
import { readFixtures } from "../testing.ts";

/** All that a rule can see of a node. */
function seen(node: unknown): unknown {
  if (isScalar(node)) return [node.value, node.source, node.type, node.tag, node.range];
  if (isSeq(node)) return ["list", node.flow, node.anchor, node.tag, node.range, node.items.map(seen)];
  if (isAlias(node)) return ["alias", node.source, node.range];
  if (!isMap(node)) return String(node);
  return [
    "map",
    node.flow,
    node.anchor,
    node.tag,
    node.range,
    node.items.map(({ key, value }) => [seen(key), seen(value)]),
  ];
}

/** The nodes of a text, and the values that they stand for. */
interface Understood {
  readonly nodes: readonly unknown[];
  readonly values: readonly unknown[];
}

function simply(text: string): Understood | undefined {
  const simple = readSimpleYaml(text);
  if (simple === undefined) return undefined;
  return { nodes: simple.contents, values: simple.contents.map((node) => simpleValue(node, simple.aliases)) };
}

/** How many of the texts are read, each as the library reads it. */
function readAlike(texts: readonly string[], read: (text: string) => Understood | undefined): number {
  let count = 0;
  for (const text of texts) {
    const understood = read(text);
    if (understood === undefined) continue;
    const documents = parseAllDocuments(text, { prettyErrors: false });
    assert.ok(Array.isArray(documents));
    assert.deepEqual(
      documents.flatMap(({ errors }) => errors.map(({ message }) => message)),
      [],
      JSON.stringify(text),
    );
    assert.deepEqual(
      understood.nodes.map(seen),
      documents.map(({ contents }) => seen(contents)),
      JSON.stringify(text),
    );
    assert.deepEqual(
      understood.values,
      documents.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown),
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

/** What people write that no program writes: comments, empty lines, braces, anchors, and JSON. */
const noted = fc.constantFrom(
  "",
  "",
  "",
  "\n",
  "> # here\n",
  "\n> # a: b\n> # - c\n",
  "> # here\n\n",
  "   # elsewhere\n",
);
const plainFlow = fc.constantFrom(
  "{}",
  "[ ]",
  "{ a: 1, b: two }",
  "[a, -1, 0.5, true, null]",
  '{a: [b, {c: d}], "e f": "g, h"}',
  "[https://i.example/j:k , *known ]",
  "[{ a: 1 } , [b ] ]",
  "*known",
  "plain # with a comment",
  "a#b",
  '"quoted # not" # but here',
  "[1] # end",
  "|\n      # in a text\n      of two lines",
  "|-\n      first\n\n      # and last",
);
const oddFlow = fc.constantFrom(
  "[*known, *unknown]",
  "{ a: 1, a: 2 }",
  "[a b]",
  "[- ]",
  "[-a]",
  "[a,]",
  "{ a }",
  "{ a: }",
  "*unknown",
  "[1]# end",
  "a # b\n",
  "&twice",
);
const flow = fc.oneof({ weight: 9, arbitrary: plainFlow }, { weight: 1, arbitrary: oddFlow });
const member = fc.tuple(noted, fc.constantFrom("", "  ", "    "), flow);
const first = fc.constantFrom(
  "known: &known\n  x: 1\n",
  "known: &known\n  - y # z\n",
  "# first\n\nknown: &known\n  z: {}\n",
);
const written = fc.tuple(first, fc.array(member, { minLength: 1, maxLength: 4 })).map(([begin, members]) => {
  let text = begin;
  let deep = "";
  for (const [comment, indent, inner] of members) {
    // A step deeper needs a key to stand under.
    if (indent.length > deep.length) text += `${deep}deeper${text.length}:\n`;
    deep = indent.length > deep.length ? `${deep}  ` : indent;
    text += `${comment.replaceAll(">", deep)}${deep}k${text.length}: ${inner}\n`;
  }
  return text;
});
const listed = fc
  .tuple(fc.constantFrom("", "  "), fc.array(fc.tuple(noted, flow), { minLength: 1, maxLength: 4 }), noted)
  .map(([deep, items, end]) => {
    const lines = items.map(([comment, inner]) => `${comment.replaceAll(">", deep)}${deep}- ${inner}\n`);
    return `known: &known\n  x: 1\nlist:\n${lines.join("")}${end.replaceAll(">", "")}after: 1\n`;
  });
const json = fc
  .tuple(value, fc.constantFrom(1, 2, " \n", undefined))
  .map(([inner, space]) => `${JSON.stringify(inner, null, space)}\n`);
const WRITTEN = [
  ...fc.sample(written, { numRuns: 4000, seed: 1123 }),
  ...fc.sample(listed, { numRuns: 1500, seed: 1124 }),
  ...fc.sample(json, { numRuns: 1500, seed: 1125 }),
];

const WHOLE = fc.sample(texts, { numRuns: 1500, seed: 1121 });
const BROKEN = fc.sample(broken, { numRuns: 4000, seed: 1122 });

test("what is read is what the library reads, with the same places; what is no YAML is left to it", () => {
  const whole = readAlike(WHOLE, simply);
  assert.ok(whole > 500 && whole < WHOLE.length, `${whole} of ${WHOLE.length}`);
  const damaged = readAlike(BROKEN, simply);
  assert.ok(damaged > 500 && damaged < BROKEN.length, `${damaged} of ${BROKEN.length}`);
});

test("so are texts as people write them, and JSON", () => {
  const count = readAlike(WRITTEN, simply);
  assert.ok(count > 1000 && count < WRITTEN.length * 0.9, `${count} of ${WRITTEN.length}`);
});

test("the comparison notices a reader that takes a comment for a line, or a place that is off by one", () => {
  assert.throws(() => readAlike(WHOLE, (text) => simply(` ${text}`.replace(/^ # first\n/, "# firs\n"))));
  assert.throws(() => readAlike(WRITTEN, (text) => simply(text.replace("x: 1", "x: 2"))));
  assert.throws(() => readAlike(BROKEN, (text) => simply(text.replaceAll(/ #.*/g, ""))));
});

test("what is rendered is read without the library, and alike", async () => {
  const rendered = (await Promise.all(EXAMPLES.map(renderExample))).flat();
  const yaml = rendered.filter(({ path }) => /\.ya?ml$/.test(path) && !/^helm\/.*\/templates\//.test(path));
  const shown = yaml.filter(({ path }) => !path.startsWith("kustomize/"));
  const count = readAlike(
    shown.map(({ text }) => text),
    simply,
  );
  assert.ok(count >= shown.length * 0.9 && shown.length > 50, `${count} of ${shown.length}`);
});

test("every spec of the examples is read without the library, and alike", async () => {
  const specs = await Promise.all(SYSTEMS.map(exampleText));
  assert.equal(readAlike(specs, simply), specs.length);
});

test("files for which rules were made, good and bad, are read alike", () => {
  const fixtures = readFixtures();
  const files = RULES.flatMap(({ id }) => {
    const { bad, good } = fixtures.get(id) ?? assert.fail(id);
    return [...bad.files, ...good.files].map(({ text }) => text);
  });
  assert.ok(readAlike(files, simply) > 20);
});
