import { newId } from "#lib/ids.ts";
import type { Messages } from "#store/messages.ts";
import { sealContent, type ConversationMessage } from "./content.ts";
import type { Envelopes } from "./envelopes.ts";

/** Appends in order, all or none, and answers the ids. Throws `thread_not_found`. */
export async function appendMessages(
  store: { readonly messages: Messages; readonly envelopes: Envelopes },
  tenantId: string,
  threadId: string,
  messages: readonly ConversationMessage[],
): Promise<readonly string[]> {
  const sealed = await Promise.all(
    messages
      .map((message) => ({ id: newId("msg"), role: message.role, content: message.content }))
      .map(async (message) => ({
        id: message.id,
        role: message.role,
        content: await sealContent(store.envelopes, tenantId, threadId, message),
      })),
  );
  await store.messages.append(tenantId, threadId, sealed);
  return sealed.map((message) => message.id);
}
