import type { Messages, StoredMessage } from "#store/messages.ts";
import { openContent, type ConversationMessage } from "./content.ts";
import type { Envelopes } from "./envelopes.ts";
import { wholeHistory } from "./whole-history.ts";

/** Messages read at most when the last turn alone is longer than what was asked for. */
const MAX_TURN = 1000;
/** Bytes of the longest history, as it lies in the database: what no vendor takes in one request need not be read. */
const MOST_BYTES = 32 * 1024 * 1024;

interface Newest {
  readonly messages: readonly StoredMessage[];
  /** Nothing of the conversation comes before them. */
  readonly whole: boolean;
}

/** The newest messages within both bounds. */
async function newestMessages(messages: Messages, tenantId: string, threadId: string, limit: number): Promise<Newest> {
  const found = await messages.latest(tenantId, threadId, { limit, bytes: MOST_BYTES });
  let bytes = 0;
  for (const { content } of found) bytes += content.length;
  // The first of them is the one that passes the bound.
  if (bytes > MOST_BYTES) return { messages: found.slice(1), whole: false };
  return { messages: found, whole: found.length < limit };
}

/** The newest messages, from the first of them that begins a turn; empty when none does. */
function fromTurnStart(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  const start = messages.findIndex((message) => message.role === "user");
  return start === -1 ? [] : messages.slice(start);
}

/** The last turn, or all of the messages when the turn began before them. */
function lastTurn(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  const start = messages.findLastIndex((message) => message.role === "user");
  return messages.slice(Math.max(start, 0));
}

/**
 * The newest messages of a conversation, oldest first, fit to be shown to a model: at most `limit` and 32 MiB, cut where a turn
 * begins, with every tool call answered and every tool result asked for. Where the last turn alone is longer than `limit` it is kept
 * whole, up to 1,000 messages and 32 MiB: an agent that has forgotten the question it works on is of no use.
 */
export async function latestMessages(
  store: { readonly messages: Messages; readonly envelopes: Envelopes },
  tenantId: string,
  threadId: string,
  limit: number,
): Promise<readonly ConversationMessage[]> {
  const newest = await newestMessages(store.messages, tenantId, threadId, limit);
  let kept = newest.whole ? newest.messages : fromTurnStart(newest.messages);
  if (kept.length === 0 && newest.messages.length > 0) {
    kept = lastTurn((await newestMessages(store.messages, tenantId, threadId, MAX_TURN)).messages);
  }
  const messages = await Promise.all(
    kept.map(async ({ role, ...rest }) => ({
      role,
      content: await openContent(store.envelopes, tenantId, threadId, { role, ...rest }),
    })),
  );
  return wholeHistory(messages);
}
