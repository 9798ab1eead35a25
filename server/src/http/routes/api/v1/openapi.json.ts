import type { App } from "../../../app.ts";
import { openApiDocument } from "../../../openapi.ts";

/** `GET /api/v1/openapi.json`: needs no key, because it says nothing of any tenant. */
export function registerOpenApi(app: App, release: string): void {
  let document: unknown;
  app.get("/api/v1/openapi.json", (c) => c.json((document ??= openApiDocument(release)) as object));
}
