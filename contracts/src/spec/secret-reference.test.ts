import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReference } from "./secret-reference.ts";

test("each kind of reference is read into its parts", () => {
  const parsed = (text: string): unknown => {
    const { text: _text, ...parts } = parseReference(text);
    return parts;
  };
  assert.deepEqual(parsed("env:MY_KEY"), { kind: "env", name: "MY_KEY" });
  assert.deepEqual(parsed("file:/run/secrets/key"), { kind: "file", path: "/run/secrets/key" });
  assert.deepEqual(parsed("file:///run/secrets/key"), { kind: "file", path: "/run/secrets/key" });
  const resource = "projects/my-p/secrets/openai_key/versions/latest";
  assert.deepEqual(parsed(`gcp-sm://${resource}`), { kind: "gcp-sm", resource, field: undefined });
  assert.deepEqual(parsed("aws-sm://eu-central-1/prod/openai#key"), {
    kind: "aws-sm",
    region: "eu-central-1",
    id: "prod/openai",
    field: "key",
  });
  assert.deepEqual(parsed("aws-sm://prod/openai"), {
    kind: "aws-sm",
    region: undefined,
    id: "prod/openai",
    field: undefined,
  });
  const arn = "arn:aws:secretsmanager:us-east-2:123456789012:secret:prod/openai-AbCdEf";
  assert.deepEqual(parsed(`aws-sm://${arn}`), { kind: "aws-sm", region: "us-east-2", id: arn, field: undefined });
  assert.deepEqual(parsed("azure-kv://my-vault/openai/0123abc"), {
    kind: "azure-kv",
    vault: "my-vault",
    name: "openai",
    version: "0123abc",
    field: undefined,
  });
  assert.deepEqual(parsed("vault://secret/prod/openai#key"), {
    kind: "vault",
    mount: "secret",
    path: "prod/openai",
    field: "key",
  });
});

test("what is no reference is refused with an example, and without a word of it", () => {
  const wrong = [
    "env:",
    "env:a-b",
    "file:relative",
    "gcp-sm://projects/p/secrets/s",
    "gcp-sm://projects/p/secrets/../versions/1",
    "aws-sm://",
    "azure-kv://v",
    "azure-kv://v@evil/s",
    "vault://mount/path",
    "vault://m/../sys/x#f",
    "vault://m/a//b#f",
    "http://x",
  ];
  for (const text of wrong)
    assert.throws(
      () => parseReference(text),
      // The example is of the same kind, and may begin alike.
      (error) => error instanceof RangeError && !error.message.replace(/\(try: .*\)$/, "").includes(text),
      text,
    );
});
