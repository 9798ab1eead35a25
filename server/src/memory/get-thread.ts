import type { Thread } from "@slipway/contracts/api/threads.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { isId } from "#lib/ids.ts";
import type { Threads } from "#store/threads.ts";
import { presentThread } from "./present.ts";

/** The conversation. Throws `thread_not_found` when the tenant has none of this id. */
export async function getThread(threads: Threads, tenantId: string, threadId: string): Promise<Thread> {
  const thread = isId("thr", threadId) ? await threads.get(tenantId, threadId) : undefined;
  if (thread === undefined) {
    throw new SlipwayError("thread_not_found", "There is no thread of this id.", {
      param: "threadId",
      hint: "Leave the thread id out to begin a new conversation.",
    });
  }
  return presentThread(thread);
}
