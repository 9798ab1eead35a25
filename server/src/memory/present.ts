import type { Thread } from "@slipway/contracts/api/threads.ts";
import type { StoredThread } from "#store/threads.ts";

/** A thread as the API shows it. */
export function presentThread(thread: StoredThread): Thread {
  return {
    id: thread.id,
    agent: thread.agent,
    createdAt: thread.createdAt.toISOString(),
    updatedAt: thread.updatedAt.toISOString(),
  };
}
