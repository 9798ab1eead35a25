import type { App } from "../../../app.ts";

/** `GET /api/v1/openapi.json`: needs no key, because it says nothing of any tenant. Made when it is first asked for. */
export function registerOpenApi(app: App, release: string): void {
  let document: object | undefined;
  app.get("/api/v1/openapi.json", { requires: "public" }, async (c) => {
    if (document === undefined) {
      const { openApiDocument } = await import("../../../openapi.ts");
      document = openApiDocument(release);
    }
    return c.json(document);
  });
}
