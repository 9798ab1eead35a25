import type { ThreadMessageList } from "@slipway/contracts/api/threads.ts";
import type { Messages } from "#store/messages.ts";
import type { Threads } from "#store/threads.ts";
import { openContent } from "./content.ts";
import type { Envelopes } from "./envelopes.ts";
import { getThread } from "./get-thread.ts";
import { checkedPage, cutPage, type PageRequest } from "./page.ts";

/** The messages of a conversation, oldest first, decrypted. Throws `thread_not_found`. */
export async function listMessages(
  store: { readonly threads: Threads; readonly messages: Messages; readonly envelopes: Envelopes },
  tenantId: string,
  threadId: string,
  page: PageRequest,
): Promise<ThreadMessageList> {
  const wanted = checkedPage(page, "msg");
  // An unknown thread has no messages either; only looking it up tells the two apart.
  await getThread(store.threads, tenantId, threadId);
  const found = await store.messages.list(tenantId, threadId, wanted);
  const { items, nextCursor } = cutPage(found, page.limit);
  const messages = await Promise.all(
    items.map(async (message) => ({
      id: message.id,
      role: message.role,
      content: (await openContent(store.envelopes, tenantId, threadId, message)).map((part) => ({ ...part })),
      createdAt: message.createdAt.toISOString(),
    })),
  );
  return { messages, nextCursor };
}
