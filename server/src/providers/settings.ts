import type { ProviderTimeouts } from "./transport/settings.ts";

/** A vendor's API with a key. */
export interface KeyedProviderSettings {
  readonly apiKey: string;
  /** Absent: the vendor's own address. */
  readonly baseUrl?: string;
  readonly timeouts?: Partial<ProviderTimeouts>;
}

/** OpenAI, which speaks two formats. */
export interface OpenAiProviderSettings extends KeyedProviderSettings {
  /** The one format to be used for every request; absent: the one that fits the request. */
  readonly api?: "chat_completions" | "responses";
}

/** Any server that speaks Chat Completions. */
export interface CompatibleProviderSettings {
  /** Up to and without `/chat/completions`: `http://127.0.0.1:11434/v1`. */
  readonly baseUrl: string;
  /** Servers of one's own often want none. */
  readonly apiKey?: string;
  /** Whether it takes Anthropic's `cache_control`; absent: known by its host. */
  readonly cacheControl?: boolean;
  readonly timeouts?: Partial<ProviderTimeouts>;
}

/** The deterministic mock. */
export interface MockProviderSettings {
  /** Milliseconds between two pieces of a streamed answer; absent: 0. */
  readonly tokenDelayMs?: number;
}
