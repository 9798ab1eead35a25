import { streamChat } from "#api/chat-completion.ts";
import { createConversationStore, type ConversationStore } from "./conversation-store.ts";

/** A page that is not shown gets no animation frames; its text is then handed on this often. */
const HIDDEN_FRAME_MS = 250;

let open: { readonly owner: string; readonly store: ConversationStore } | undefined;

/**
 * The conversation of this tab. It outlives a change of page and an expired session, but belongs to one key: somebody else who signs in
 * here finds an empty one.
 */
export function conversationOf(owner: string): ConversationStore {
  if (open?.owner === owner) return open.store;
  open?.store.clear();
  const store = createConversationStore({ stream: streamChat, schedule: nextFrame, now: () => performance.now() });
  open = { owner, store };
  return store;
}

function nextFrame(run: () => void): () => void {
  if (document.hidden) {
    const timer = setTimeout(run, HIDDEN_FRAME_MS);
    return () => clearTimeout(timer);
  }
  const frame = requestAnimationFrame(run);
  return () => cancelAnimationFrame(frame);
}
