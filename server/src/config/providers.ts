import type { ProviderSettings } from "#providers/registry.ts";
import type { EnvironmentReader } from "./reader.ts";

/** Aliases that the vendors keep pointing at a current, small model; `DEFAULT_MODEL` overrides them. */
const DEFAULT_MODELS = { openai: "gpt-5-mini", anthropic: "claude-haiku-4-5", google: "gemini-flash-latest" } as const;

/** Which providers are configured, whether the mock answers instead, and which model agents get that name none. */
export function readProviders(env: EnvironmentReader): {
  readonly settings: ProviderSettings;
  readonly mockByDefault: boolean;
  readonly defaultModel: string | undefined;
} {
  const web = ["http:", "https:"];
  const testMode = env.flag("TEST_MODE");
  const tokenDelayMs = env.integer("MOCK_TOKEN_DELAY_MS", 0, 0, 10_000);
  const openai = { apiKey: env.text("OPENAI_API_KEY"), baseUrl: env.url("OPENAI_BASE_URL", web) };
  const api = env.choice(["OPENAI_API"], ["auto", "chat_completions", "responses"], "auto");
  const anthropic = { apiKey: env.text("ANTHROPIC_API_KEY"), baseUrl: env.url("ANTHROPIC_BASE_URL", web) };
  const google = { apiKey: env.text("GEMINI_API_KEY", "GOOGLE_AI_API_KEY"), baseUrl: env.url("GEMINI_BASE_URL", web) };
  const compatible = {
    apiKey: env.text("OPENAI_COMPATIBLE_API_KEY"),
    baseUrl: env.url("OPENAI_COMPATIBLE_BASE_URL", web),
    cacheControl: env.flag("OPENAI_COMPATIBLE_CACHE_CONTROL"),
  };
  const configured = [openai.apiKey, anthropic.apiKey, google.apiKey, compatible.baseUrl].some(
    (value) => value !== undefined,
  );
  if (testMode === true || (testMode === undefined && !configured)) {
    return { settings: { mock: { tokenDelayMs } }, mockByDefault: testMode === undefined, defaultModel: "mock-1" };
  }
  const settings: ProviderSettings = {
    ...(openai.apiKey === undefined
      ? {}
      : { openai: { ...keyed(openai.apiKey, openai.baseUrl), ...(api === "auto" ? {} : { api }) } }),
    ...(anthropic.apiKey === undefined ? {} : { anthropic: keyed(anthropic.apiKey, anthropic.baseUrl) }),
    ...(google.apiKey === undefined ? {} : { google: keyed(google.apiKey, google.baseUrl) }),
    ...(compatible.baseUrl === undefined
      ? {}
      : {
          openaiCompatible: {
            baseUrl: compatible.baseUrl,
            ...(compatible.apiKey === undefined ? {} : { apiKey: compatible.apiKey }),
            ...(compatible.cacheControl === undefined ? {} : { cacheControl: compatible.cacheControl }),
          },
        }),
  };
  const defaultModel = settings.openai
    ? DEFAULT_MODELS.openai
    : settings.anthropic
      ? DEFAULT_MODELS.anthropic
      : settings.google
        ? DEFAULT_MODELS.google
        : undefined;
  return { settings, mockByDefault: false, defaultModel };
}

function keyed(apiKey: string, baseUrl: string | undefined): { apiKey: string; baseUrl?: string } {
  return baseUrl === undefined ? { apiKey } : { apiKey, baseUrl };
}
