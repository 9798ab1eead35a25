import type { OfferedModel } from "#router/model-list.ts";
import { type App, principalOf } from "../../app.ts";

/** `GET /v1/models`: agents first, then the names of routes, then what the providers offer, in OpenAI's shape. */
export function registerModels(
  app: App,
  options: {
    readonly models: () => Promise<readonly OfferedModel[]>;
    /** Model names of the tenant's agents. */
    readonly agents: (tenantId: string) => readonly string[];
    readonly routes: (tenantId: string) => readonly string[];
  },
): void {
  // Clients sort by it at most: no provider of ours says when a model was made.
  const created = Math.floor(Date.now() / 1000);
  app.get("/v1/models", { requires: "models:read" }, async (c) => {
    const { tenantId } = principalOf(c);
    const agents = options.agents(tenantId);
    const routes = options.routes(tenantId);
    const taken = new Set(routes);
    const models = (await options.models()).filter(({ id }) => !taken.has(id));
    return c.json({
      object: "list",
      data: [
        ...agents.map((id) => ({ id, object: "model", created, owned_by: "agent" })),
        ...routes.map((id) => ({ id, object: "model", created, owned_by: "route" })),
        ...models.map((model) => ({ id: model.id, object: "model", created, owned_by: model.provider })),
      ],
    });
  });
}
