import { createLimiter, type Limiter, type LimitSettings } from "./limiter.ts";
import type { BrokerLine } from "./shared/messages.ts";

/** The limits of this process alone or, with a line to the one that keeps them, of all workers together. */
export async function openLimiter(limits: LimitSettings, line: BrokerLine | undefined): Promise<Limiter> {
  if (!line) return createLimiter(limits);
  // A process that is alone loads none of it.
  const { createSharedLimiter } = await import("./shared/shared-limiter.ts");
  return createSharedLimiter({ limits, line });
}
