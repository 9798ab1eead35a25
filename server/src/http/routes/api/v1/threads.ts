import { z } from "zod";
import type { Conversations } from "#memory/conversations.ts";
import { type App, type AppContext, type AppServices, checked, pathParam, principalOf } from "../../../app.ts";

const pageSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(64).optional(),
});

function pageOf(c: AppContext): { limit: number; cursor?: string } {
  const { limit, cursor } = checked(pageSchema, c.req.query());
  return cursor === undefined ? { limit } : { limit, cursor };
}

/** `/api/v1/threads`: the tenant's conversations and their messages. */
export function registerThreads(app: App, services: AppServices, conversations: Conversations): void {
  app.get("/api/v1/threads", async (c) => {
    const { tenantId } = principalOf(c, services);
    return c.json(await conversations.list(tenantId, pageOf(c)));
  });
  app.get("/api/v1/threads/:id", async (c) => {
    const { tenantId } = principalOf(c, services);
    return c.json(await conversations.get(tenantId, pathParam(c, "id")));
  });
  app.get("/api/v1/threads/:id/messages", async (c) => {
    const { tenantId } = principalOf(c, services);
    return c.json(await conversations.messages(tenantId, pathParam(c, "id"), pageOf(c)));
  });
}
