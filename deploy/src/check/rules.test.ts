import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "./check.ts";
import type { Rule } from "./rule.ts";
import { RULES } from "./rules/all.ts";
import { readFixtures, TODAY, type Case } from "./testing.ts";

const fixtures = readFixtures();
const assumptions = { today: TODAY };

function places(each: Case, rules: readonly Rule[]): readonly string[] {
  return check(each.files, assumptions, rules)
    .found.map(({ finding }) => `${finding.file}:${finding.line}`)
    .sort();
}

test("every rule has a bad and a good fixture, and every fixture a rule", () => {
  assert.deepEqual([...fixtures.keys()].sort(), RULES.map((rule) => rule.id).sort());
  for (const [id, { bad, good }] of fixtures) {
    assert.ok(bad.expected.length > 0, `the bad fixture of ${id} marks no line`);
    assert.ok(
      good.files.length > 0 && good.expected.length === 0,
      `the good fixture of ${id} is missing, or marks a line`,
    );
  }
});

test("each rule finds its bad fixture at the marked lines and nothing in the good one", () => {
  const wrong = RULES.flatMap((rule) => {
    const { bad, good } = fixtures.get(rule.id) ?? assert.fail(rule.id);
    const [inBad, inGood] = [places(bad, [rule]), places(good, [rule])];
    const right = inBad.join() === bad.expected.join() && inGood.length === 0;
    return right ? [] : [{ rule: rule.id, expected: bad.expected, inBad, inGood }];
  });
  assert.deepEqual(wrong, []);
});

test("without its rule no bad fixture is found at the marked lines: it is this rule that finds it", () => {
  for (const rule of RULES) {
    const { bad } = fixtures.get(rule.id) ?? assert.fail("no fixture");
    const others = check(
      bad.files,
      assumptions,
      RULES.filter((each) => each !== rule),
    );
    assert.ok(!others.found.some(({ finding }) => finding.rule === rule.id));
    assert.ok(
      check(bad.files, assumptions).found.some(({ finding }) => finding.rule === rule.id),
      rule.id,
    );
  }
});

test("rules say what, why and what to do in sentences, name a page and its date, and say until when a dated fact holds", () => {
  const seen = new Set<string>();
  for (const rule of RULES) {
    assert.match(rule.id, /^[a-z0-9]+(-[a-z0-9]+)+$|^gsutil$/);
    assert.ok(!seen.has(rule.id), `${rule.id} stands twice`);
    seen.add(rule.id);
    for (const text of [rule.what, rule.why]) assert.match(text, /^[\dA-Z"a-z(.][^\n]{8,}[.]$/, `${rule.id}: ${text}`);
    assert.ok(rule.fix.length > 10 && rule.fix.length < 220, rule.id);
    assert.match(rule.source.url, /^https:\/\//);
    assert.match(rule.source.date, /^\d{4}-\d{2}-\d{2}$/);
    if (rule.review !== undefined) assert.ok(rule.review > rule.source.date, `${rule.id} must be looked at again`);
  }
  assert.ok(RULES.length >= 60);
});
