import type { ThreadMessageList } from "@slipway/contracts/api/threads.ts";
import type { Messages, StoredMessage } from "#store/messages.ts";
import type { Threads } from "#store/threads.ts";
import { openContent } from "./content.ts";
import type { Envelopes } from "./envelopes.ts";
import { getThread } from "./get-thread.ts";
import { checkedPage, type PageRequest } from "./page.ts";

/** Bytes of the longest page, as it lies in the database; a page of one message may be longer. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The page without what was read beyond it, and where the next begins. */
function cut(found: readonly StoredMessage[], limit: number) {
  let bytes = 0;
  let count = 0;
  for (const { content } of found) {
    bytes += content.length;
    if (count === limit || (count > 0 && bytes > MOST_BYTES)) break;
    count += 1;
  }
  const items = found.slice(0, count);
  // What follows one message that is a page by itself was not looked at.
  const more = found.length > count || bytes > MOST_BYTES;
  return { items, nextCursor: more ? (items.at(-1)?.id ?? null) : null };
}

/**
 * The messages of a conversation, oldest first, decrypted; fewer than were asked for where they are long. Throws `thread_not_found`.
 */
export async function listMessages(
  store: { readonly threads: Threads; readonly messages: Messages; readonly envelopes: Envelopes },
  tenantId: string,
  threadId: string,
  page: PageRequest,
): Promise<ThreadMessageList> {
  const wanted = checkedPage(page, "msg");
  // An unknown thread has no messages either; only looking it up tells the two apart.
  await getThread(store.threads, tenantId, threadId);
  const found = await store.messages.list(tenantId, threadId, { ...wanted, bytes: MOST_BYTES });
  const { items, nextCursor } = cut(found, page.limit);
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
