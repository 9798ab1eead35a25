import { z } from "zod";
import { type Operation, OPERATIONS } from "./openapi-operations.ts";
import { NAMED, type Name } from "./openapi-schemas.ts";

const reference = (name: Name) => ({ $ref: `#/components/schemas/${name}` });
const jsonContent = (name: Name) => ({ "application/json": { schema: reference(name) } });

function componentSchemas(): Record<string, unknown> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}`, io: "input" });
  // The document says its dialect once, and its names are where its references point.
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => [name, schema]),
  );
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "The request takes effect once in 24 hours, however often it is sent with this key; 409 while it runs, 422 with another body.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

const IF_MATCH = {
  name: "If-Match",
  in: "header",
  description:
    "The ETag of what the caller has read; 412 when somebody has changed it since. Absent: whatever it is now.",
  schema: { type: "string" },
};

function parametersOf({ path, paged, once, matched, query = [] }: Operation): readonly unknown[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  if (once) return [...inPath, IDEMPOTENCY_KEY];
  if (matched) return [...inPath, IF_MATCH];
  if (!paged) return [...inPath, ...query.map((parameter) => ({ ...parameter, in: "query" }))];
  return [
    ...inPath,
    { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 200, default: 50 } },
    { name: "cursor", in: "query", description: "`nextCursor` of the page before.", schema: { type: "string" } },
  ];
}

function describeOperation(operation: Operation): unknown {
  const { summary, body, status, answer, makes, streams, lines } = operation;
  const content = {
    ...(answer === undefined ? {} : jsonContent(answer)),
    ...(lines ? { "application/jsonl": { schema: { type: "string" } } } : {}),
  };
  const answered = { description: summary, ...(Object.keys(content).length === 0 ? {} : { content }) };
  const events = { "text/event-stream": { schema: { type: "string" } } };
  return {
    summary,
    parameters: parametersOf(operation),
    ...(body === undefined ? {} : { requestBody: { required: true, content: jsonContent(body) } }),
    responses: {
      [status]: answered,
      ...(makes ? { 201: answered } : {}),
      ...(streams ? { 200: { description: `${summary} As it goes.`, content: events } } : {}),
      default: { description: "An error.", content: { "application/problem+json": { schema: reference("Problem") } } },
    },
  };
}

/** The REST API as an OpenAPI 3.1 document, made from the schemas that the server checks with. */
export function openApiDocument(release: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) (paths[operation.path] ??= {})[operation.method] = describeOperation(operation);
  return {
    openapi: "3.1.0",
    info: { title: "Slipway", version: release, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    security: [{ bearer: [] }, { apiKey: [] }, { session: [] }],
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        apiKey: { type: "apiKey", in: "header", name: "X-API-KEY" },
        session: { type: "apiKey", in: "cookie", name: "slipway_session" },
      },
    },
  };
}
