/**
 * Tokens of one model call in disjoint classes: no token is counted twice, so the sum of all five is the total.
 * Providers count otherwise (OpenAI's `prompt_tokens` includes the cached ones, Google's candidates exclude thoughts);
 * each provider's codec converts on the way in, each dialect on the way out.
 */
export interface Usage {
  /** Prompt tokens neither read from nor written to a prompt cache. */
  readonly input: number;
  /** Prompt tokens read from the provider's prompt cache. */
  readonly cachedRead: number;
  /** Prompt tokens written to the provider's prompt cache. */
  readonly cacheWrite: number;
  /** Of `cacheWrite`, what was written to stay for an hour, which Anthropic bills higher. No class of its own; absent: none. */
  readonly cacheWrite1h?: number;
  /** Visible answer tokens, tool calls included. */
  readonly output: number;
  /** Reasoning tokens that the answer does not show. */
  readonly reasoning: number;
}

/** Usage of nothing. */
export const NO_USAGE: Usage = { input: 0, cachedRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** Class-wise sum. */
export function addUsage(a: Usage, b: Usage): Usage {
  const long = (a.cacheWrite1h ?? 0) + (b.cacheWrite1h ?? 0);
  return {
    input: a.input + b.input,
    cachedRead: a.cachedRead + b.cachedRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    ...(long > 0 ? { cacheWrite1h: long } : {}),
  };
}
