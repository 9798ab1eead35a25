import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parse, parseAllDocuments } from "yaml";
import { inCheckout } from "#lib/checkout.ts";
import { libraryText, yamlText } from "./yaml.ts";
import { writeYaml } from "./yaml-writer.ts";

/** What YAML makes something of, and what it does not. */
const PIECES = [
  ["a", "b", "y", "n", "0", "1", "9", " ", ":", "#", "-", "?", "[", "]", "{", "}", ",", "&", "*", "!", "|", ">", "'"],
  ['"', "@", "`", "~", "=", "<", "\\", "/", ".", "+", "_", "$", "\n", "yes", "No", "null", "Null", "true", "on", "0o7"],
  ["0x1f", "1e3", "-.5", ".inf", ".nan", "2024-01-01", "<<", ": ", " #", "- ", "? ", "\n\n", "key: no", "é", "\ue000"],
].flat();
/** What is left to the library, at the beginning or wherever it stands. */
const RARE = ["---", "...", "%", "\t", "\n ", " \n", "\u00a0", "\u0085", "\u2028", "\ufeff", "😀", "\ud800", "\u0007"];

const piece = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 1, arbitrary: fc.constantFrom(...RARE) },
);
const text = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(""));
const scalar = fc.oneof(
  text,
  text,
  text,
  text,
  fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
  fc.integer(),
  fc.constantFrom(true, false, null),
);
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(scalar, fc.array(tie("value"), { maxLength: 4 }), fc.dictionary(text, tie("value"), { maxKeys: 4 })),
}));

/** How many of the values are written, each as the library writes it. */
function writtenAlike(values: readonly unknown[], write: (value: unknown) => string | undefined): number {
  let count = 0;
  for (const value of values) {
    const written = write(value);
    if (written === undefined) continue;
    assert.equal(written, libraryText(value), JSON.stringify(value));
    count += 1;
  }
  return count;
}

const ANY = fc.sample(fc.dictionary(text, anyValue, { minKeys: 1, maxKeys: 4 }), { numRuns: 6000, seed: 1121 });

test("what the writer writes is what the library writes, byte for byte", () => {
  const count = writtenAlike(ANY, writeYaml);
  assert.ok(count > 1500 && count < ANY.length, `${count} of ${ANY.length}`);
});

test("the comparison notices a writer that forgets quotes, or a line feed", () => {
  const careless = (change: (text: string) => string) => (value: unknown) => {
    const written = writeYaml(value);
    return written && change(written);
  };
  assert.throws(() =>
    writtenAlike(
      ANY,
      careless((text) => text.replaceAll('"', "")),
    ),
  );
  assert.throws(() =>
    writtenAlike(
      ANY,
      careless((text) => text.replace("|-\n", "|\n")),
    ),
  );
});

test("every document of the examples' renderings is written without the library, and alike", () => {
  const golden = inCheckout("deploy/src/render/golden");
  const documents = readdirSync(golden).flatMap((name) =>
    readFileSync(join(golden, name), "utf8")
      .split(/^=+ /m)
      .filter((file) => /^\S+\.ya?ml\b/.test(file) && !file.startsWith("helm/"))
      .flatMap((file) =>
        parseAllDocuments(file.slice(file.indexOf("\n") + 1)).map((document) => document.toJS() as unknown),
      ),
  );
  assert.ok(documents.length > 250, `${documents.length} documents`);
  assert.equal(writtenAlike(documents, writeYaml), documents.length);
});

/** What readers of YAML 1.1 take for true, a number, a time or nothing, and lines that only look like it. */
const SURPRISING = [
  "yes",
  "No",
  "OFF",
  "y",
  "2024-01-01",
  "2024-1-1T00:00:00Z",
  "2024-01-01 10:11:12",
  "12:30",
  "190:20:30.5",
  "1_000",
  "0b101",
  "0x1_F",
  "0777",
  "+1_0.5",
  "=",
  "<<",
];
const TEXTS = [
  "first\nkey: no\n",
  "shall we?\nno\n",
  "- on\n2024-01-01\n",
  "a\tb",
  "a\u0085b",
  "a\u2028b\nc",
  "\u0007",
  "a\rb",
];

test("a word that readers of YAML 1.1 take for something else is a text to them, and a text of several lines stays as it is", () => {
  for (const word of [...SURPRISING, ...TEXTS, "yesterday", "no way", "first\nsecond: none\n"]) {
    const value = { word, list: [word], inner: [{ name: "A", value: word }] };
    for (const version of ["1.1", "1.2"] as const)
      assert.deepEqual(
        parse(yamlText("", value), { version, merge: true }),
        value,
        `${version}: ${JSON.stringify(word)}`,
      );
  }
  for (const word of SURPRISING) assert.equal(yamlText("", { word }), `word: "${word}"\n`);
});

test("what no reader may find as it stands is escaped", () => {
  for (const letter of ["\u0085", "\u2028", "\u2029", "\ufeff", "\u0007", "\u007f"])
    assert.equal(yamlText("", { word: `a${letter}b` }).includes(letter), false, JSON.stringify(letter));
});

test("a value that contains itself is left to the library", () => {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  assert.equal(writeYaml(value), undefined);
});
