/** In what the upstreams that speak Chat Completions differ. */
export interface ChatCompletionsOptions {
  /** Name of the provider, for errors. */
  readonly provider: string;
  /** Sent as bearer token; absent: no `authorization` header. */
  readonly apiKey?: string;
  /** OpenAI's newer models refuse `max_tokens`, most other upstreams know nothing else. */
  readonly maxTokensField: "max_completion_tokens" | "max_tokens";
  /**
   * Hands the reasoning of the running turn back as `reasoning_content`. DeepSeek and Kimi refuse a tool loop without it;
   * OpenAI knows no such field.
   */
  readonly returnsReasoning: boolean;
}
