import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { CallContext } from "#providers/provider.ts";
import { estimateUsage } from "./disconnect/estimate.ts";
import { Said } from "./disconnect/said.ts";
import type { TokenCounter } from "./disconnect/token-counter.ts";
import type { Target } from "./resolve.ts";

/** Tokens of a prompt. */
export interface CountedPrompt {
  readonly tokens: number;
  /** Counted by a vocabulary that need not be the model's. */
  readonly estimated: boolean;
}

/** Asks the target's vendor, or estimates where it counts no tokens for its clients. Nothing is booked: counting is free. */
export async function countPrompt(
  counter: TokenCounter,
  target: Target,
  request: ModelRequest,
  context: CallContext,
  signal: AbortSignal,
): Promise<CountedPrompt> {
  const asked = { ...request, model: target.model };
  const counted = await target.provider.countTokens?.(asked, context, signal);
  if (counted !== undefined) return { tokens: counted, estimated: false };
  return new Promise((resolve) => {
    const call = { request: asked, said: new Said(), known: undefined };
    estimateUsage(counter, call, ({ input }) => resolve({ tokens: input, estimated: true }));
  });
}
