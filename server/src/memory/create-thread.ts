import type { Thread } from "@slipway/contracts/api/threads.ts";
import { newId } from "#lib/ids.ts";
import type { Threads } from "#store/threads.ts";
import { presentThread } from "./present.ts";

/** Makes an empty conversation; `agent` is the name of the one that answers in it, or null. */
export async function createThread(threads: Threads, tenantId: string, agent: string | null): Promise<Thread> {
  return presentThread(await threads.create(tenantId, { id: newId("thr"), agent }));
}
