import type { ThreadList } from "@slipway/contracts/api/threads.ts";
import type { Threads } from "#store/threads.ts";
import { checkedPage, cutPage, type PageRequest } from "./page.ts";
import { presentThread } from "./present.ts";

/** The tenant's conversations, newest first. */
export async function listThreads(threads: Threads, tenantId: string, page: PageRequest): Promise<ThreadList> {
  const found = await threads.list(tenantId, checkedPage(page, "thr"));
  const { items, nextCursor } = cutPage(found, page.limit);
  return { threads: items.map(presentThread), nextCursor };
}
