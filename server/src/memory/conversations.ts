import type { Thread, ThreadList, ThreadMessageList } from "@slipway/contracts/api/threads.ts";
import type { Store } from "#store/store.ts";
import { appendMessages } from "./append-messages.ts";
import type { ConversationMessage } from "./content.ts";
import { createThread } from "./create-thread.ts";
import type { Envelopes } from "./envelopes.ts";
import { getThread } from "./get-thread.ts";
import { latestMessages } from "./latest-messages.ts";
import { listMessages } from "./list-messages.ts";
import { listThreads } from "./list-threads.ts";
import type { PageRequest } from "./page.ts";

/** The conversations of every tenant, encrypted at rest. A verb that cannot reach the database throws `database_unavailable`. */
export interface Conversations {
  /** Makes an empty thread; `agent` is the name of the agent that answers in it. */
  create(tenantId: string, agent: string | null): Promise<Thread>;
  /** Throws `thread_not_found`. */
  get(tenantId: string, threadId: string): Promise<Thread>;
  /** Newest first. Throws `invalid_request` for a page that cannot be. */
  list(tenantId: string, page: PageRequest): Promise<ThreadList>;
  /** Appends in order, all or none; answers the messages' ids. Throws `thread_not_found`. */
  append(tenantId: string, threadId: string, messages: readonly ConversationMessage[]): Promise<readonly string[]>;
  /** Oldest first. Throws `thread_not_found`, `invalid_request`. */
  messages(tenantId: string, threadId: string, page: PageRequest): Promise<ThreadMessageList>;
  /** The newest messages fit to be shown to a model: 32 MiB at most, begun where a turn begins, tool calls and results paired. */
  latest(tenantId: string, threadId: string, limit: number): Promise<readonly ConversationMessage[]>;
}

/** The gateway to conversations over a store. */
export function createConversations(options: {
  readonly store: Pick<Store, "threads" | "messages">;
  readonly envelopes: Envelopes;
}): Conversations {
  const { threads, messages } = options.store;
  const store = { threads, messages, envelopes: options.envelopes };
  return {
    create: (tenantId, agent) => createThread(threads, tenantId, agent),
    get: (tenantId, threadId) => getThread(threads, tenantId, threadId),
    list: (tenantId, page) => listThreads(threads, tenantId, page),
    append: (tenantId, threadId, added) => appendMessages(store, tenantId, threadId, added),
    messages: (tenantId, threadId, page) => listMessages(store, tenantId, threadId, page),
    latest: (tenantId, threadId, limit) => latestMessages(store, tenantId, threadId, limit),
  };
}
