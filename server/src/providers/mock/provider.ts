import type { Provider } from "../provider.ts";
import type { MockProviderSettings } from "../settings.ts";
import { MockCall } from "./call.ts";
import { mockEmbed } from "./embed.ts";
import { countPrompt } from "./text.ts";

/**
 * Answers every model name without network and without key, the same each time. It repeats what the user said, calls tools that
 * fit, and makes JSON after a schema, so that everything around a model can be built and tested. Fields that belong to one
 * vendor's API mean nothing to it and are passed over.
 */
export function createMock(settings: MockProviderSettings = {}): Provider {
  const delayMs = settings.tokenDelayMs ?? 0;
  return {
    name: "mock",
    family: "openai",
    mock: true,
    call: (request, context, sink) => new MockCall(request, context, sink, delayMs),
    async embed(request, _context, control) {
      const answer = mockEmbed(request);
      if (answer.usage) control.onUsage(answer.usage);
      return answer;
    },
    countTokens: (request) => Promise.resolve(countPrompt(request)),
    listModels: () => Promise.resolve(["mock-1"]),
    close: () => Promise.resolve(),
  };
}
