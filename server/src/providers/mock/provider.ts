import type { Provider } from "../provider.ts";
import type { MockProviderSettings } from "../settings.ts";
import { MockCall } from "./call.ts";

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
    listModels: () => Promise.resolve(["mock-1"]),
    close: () => Promise.resolve(),
  };
}
