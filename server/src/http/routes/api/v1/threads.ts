import { z } from "zod";
import type { Conversations } from "#memory/conversations.ts";
import { type App, type AppContext, pathParam, principalOf, queryOf } from "../../../app.ts";

const pageSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(64).optional(),
});

function pageOf(c: AppContext): { limit: number; cursor?: string } {
  const { limit, cursor } = queryOf(c, pageSchema);
  return cursor === undefined ? { limit } : { limit, cursor };
}

/** `/api/v1/threads`: the tenant's conversations and their messages. */
export function registerThreads(app: App, conversations: Conversations): void {
  const requires = "threads:read";
  const ids = { id: "thread" };
  app.get("/api/v1/threads", { requires, query: pageSchema }, async (c) => {
    const { tenantId } = principalOf(c);
    return c.json(await conversations.list(tenantId, pageOf(c)));
  });
  app.get("/api/v1/threads/:id", { requires, ids }, async (c) => {
    const { tenantId } = principalOf(c);
    return c.json(await conversations.get(tenantId, pathParam(c, "id")));
  });
  app.get("/api/v1/threads/:id/messages", { requires, ids, query: pageSchema }, async (c) => {
    const { tenantId } = principalOf(c);
    return c.json(await conversations.messages(tenantId, pathParam(c, "id"), pageOf(c)));
  });
}
