import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import { inCheckout } from "#lib/checkout.ts";
import { libraryText } from "./yaml.ts";
import { writeYaml, type Written } from "./yaml-writer.ts";

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
function writtenAlike(values: readonly unknown[], write: (value: unknown) => Written | undefined): number {
  let count = 0;
  for (const value of values) {
    const written = write(value);
    if (written === undefined) continue;
    assert.equal(written.text, libraryText(value), JSON.stringify(value));
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
    return written && { ...written, text: change(written.text) };
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

test("a word is told that readers of YAML 1.1 take for true, false or a date", () => {
  for (const word of ["yes", "No", "OFF", "y", "2024-01-01", "first\nkey: no\n"])
    assert.equal(writeYaml({ word: [word] })?.guarded, true, word);
  for (const word of ["yesterday", "no way", "first\nsecond: none\n"])
    assert.equal(writeYaml({ word: [word] })?.guarded, false, word);
});

test("a value that contains itself is left to the library", () => {
  const value: Record<string, unknown> = {};
  value["self"] = value;
  assert.equal(writeYaml(value), undefined);
});
