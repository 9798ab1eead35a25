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

function responsesOf(method: string, path: string): Record<string, { readonly content?: object }> {
  const operation = document.paths[path]?.[method] as { readonly responses: Record<string, object> } | undefined;
  return operation?.responses ?? {};
}

test("every reference of the document leads to a schema that is in it", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  assert.ok(references.length > 20);
  for (const [, name] of references) assert.ok(name !== undefined && name in document.components.schemas, name);
});

test("every operation is described once, with an answer and an error", () => {
  assert.equal(document.openapi, "3.1.0");
  for (const { method, path } of OPERATIONS) {
    assert.ok(responsesOf(method, path)["default"], `${method} ${path}`);
    assert.ok(Object.keys(responsesOf(method, path)).length > 1);
  }
});

test("an answer has each status that it may come with: of what was made and what was replaced, whole and streamed", () => {
  for (const path of ["/api/v1/routes/{name}", "/api/v1/limits/{name}"]) {
    const { 200: replaced, 201: made } = responsesOf("put", path);
    assert.ok(replaced, path);
    assert.deepEqual(made, replaced);
  }
  const { 200: streamed, 201: whole } = responsesOf("post", "/api/v1/agents/{name}/runs");
  assert.deepEqual(Object.keys(streamed?.content ?? {}), ["text/event-stream"]);
  assert.deepEqual(Object.keys(whole?.content ?? {}), ["application/json"]);
});
