import assert from "node:assert/strict";
import { test } from "node:test";
import { shownDesired, shownObserved } from "./redact.ts";

const POD = "apps/v1/Deployment/a/web";
const env = (name: string): string => `spec.template.spec.containers[web].env[${name}].value`;

test("a rendered value is shown, but not under the name or in the form of a secret, nor in a resource of a secret kind", () => {
  assert.equal(shownDesired(POD, env("PORT"), "8080"), "8080");
  assert.equal(shownDesired(POD, env("GREETING"), "hello"), '"hello"');
  for (const name of ["DATABASE_PASSWORD", "OPENAI_API_KEY", "SECRET_KEY", "SESSION_TOKEN", "SENTRY_DSN"])
    assert.equal(shownDesired(POD, env(name), "hello"), "(redacted)", name);
  for (const form of [
    "postgres://u:pw@db/x",
    `sk-${"a1".repeat(12)}`,
    "-----BEGIN PRIVATE KEY-----",
    "eyJhbGciOi.eyJzdWIi.x",
    "password: hunter2",
  ])
    assert.equal(shownDesired(POD, env("GREETING"), form), "(redacted)", form);
  assert.equal(shownDesired("v1/Secret/a/db", "data.user", "aGVsbG8="), "(redacted)");
  assert.equal(
    shownDesired(POD, "spec.template.spec.containers[web].env", [
      { name: "API_KEY", value: "x1" },
      { name: "A", value: "y" },
    ]),
    '[{ name: "API_KEY", value: (redacted) }, { name: "A", value: "y" }]',
  );
});

test("references to secrets are no secrets, and long texts are told by their length", () => {
  assert.equal(
    shownDesired(POD, env("OPENAI_API_KEY"), "file:/run/secrets/OPENAI_API_KEY"),
    '"file:/run/secrets/OPENAI_API_KEY"',
  );
  assert.equal(shownDesired(POD, "spec.envFrom[0].secretRef.name", "web-secrets"), '"web-secrets"');
  assert.equal(shownDesired("v1/ConfigMap/a/b", 'data."slipway.yaml"', "a: 1\nb: 2\n"), "(text of 3 lines)");
  assert.ok(shownDesired(POD, "spec.x", "y".repeat(5000)).length < 200);
});

test("of what was found only what cannot hold a secret is shown", () => {
  for (const [value, said] of [
    ["2000m", "2000m"],
    [3, "3"],
    [true, "true"],
    ["25%", "25%"],
    ["hunter2", "(text, not shown)"],
    [["hunter2"], "(list of 1)"],
    [{ a: "hunter2" }, "(map of 1)"],
    [undefined, ""],
  ] as const)
    assert.equal(shownObserved(POD, "spec.x", value), said);
  assert.equal(shownObserved(POD, "spec.containers[web].image", "a.example/b:1"), '"a.example/b:1"');
  const digest = `a.example:5000/b/c-d@sha256:${"0a".repeat(32)}`;
  assert.equal(shownObserved(POD, "spec.containers[web].image", digest), `"${digest}"`);
  for (const other of [
    "hunter2",
    "hunter2/abc",
    "hunter2/abc:x",
    "a.example/b",
    "a.example/Hunter2:x",
    "a.example/-b:1",
  ])
    assert.equal(shownObserved(POD, "spec.containers[web].image", other), "(text, not shown)", other);
  // Numbers too, under the name of a secret.
  assert.equal(shownObserved(POD, env("DATABASE_PASSWORD"), "12345678"), "(redacted)");
});
