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
  /** Takes `top_k`, which OpenAI refuses and most who copied it know. */
  readonly takesTopK?: boolean;
  /** Takes Anthropic's `cache_control` on parts and tools, as OpenRouter, LiteLLM and DashScope do. */
  readonly takesCacheControl?: boolean;
  /** The field that the end user's id goes into; absent: `user`. */
  readonly endUserField?: "safety_identifier" | "user";
  /** Gives vectors as base64 when it is asked to, which only OpenAI itself can be relied on for. Absent: no. */
  readonly knowsBase64?: boolean;
}
