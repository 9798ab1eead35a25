import { createAnthropic } from "./anthropic/provider.ts";
import { createGoogle } from "./google/provider.ts";
import { createMock } from "./mock/provider.ts";
import { createOpenAi } from "./openai/provider.ts";
import { createOpenAiCompatible } from "./openai-compatible/provider.ts";
import type { Provider } from "./provider.ts";
import type {
  CompatibleProviderSettings,
  KeyedProviderSettings,
  MockProviderSettings,
  OpenAiProviderSettings,
} from "./settings.ts";

/** Which providers there are. Each is there exactly when its settings are. */
export interface ProviderSettings {
  readonly openai?: OpenAiProviderSettings;
  readonly anthropic?: KeyedProviderSettings;
  readonly google?: KeyedProviderSettings;
  readonly openaiCompatible?: CompatibleProviderSettings;
  readonly mock?: MockProviderSettings;
}

/** The configured providers by name. Opens no connection. */
export function createProviders(settings: ProviderSettings): ReadonlyMap<string, Provider> {
  const { openai, anthropic, google, openaiCompatible, mock } = settings;
  const providers: Provider[] = [];
  if (openai) providers.push(createOpenAi(openai));
  if (anthropic) providers.push(createAnthropic(anthropic));
  if (google) providers.push(createGoogle(google));
  if (openaiCompatible) providers.push(createOpenAiCompatible(openaiCompatible));
  if (mock) providers.push(createMock(mock));
  return new Map(providers.map((provider) => [provider.name, provider]));
}
