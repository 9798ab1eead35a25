import assert from "node:assert/strict";
import { test } from "node:test";
import { openApiDocument } from "./openapi.ts";
import { OPERATIONS } from "./openapi-operations.ts";

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, unknown>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

const document = openApiDocument("r") as Document;

test("every reference of the document leads to a schema that is in it", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  assert.ok(references.length > 20);
  for (const [, name] of references) assert.ok(name !== undefined && name in document.components.schemas, name);
});

test("every operation is described once, with an answer and an error", () => {
  assert.equal(document.openapi, "3.1.0");
  for (const { method, path } of OPERATIONS) {
    const operation = document.paths[path]?.[method] as { responses: Record<string, unknown> };
    assert.ok(operation.responses["default"], `${method} ${path}`);
    assert.equal(Object.keys(operation.responses).length, 2);
  }
});
