import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Provider } from "#providers/provider.ts";

/** Where a request goes: a provider and the name that it knows the model by. */
export interface Target {
  readonly provider: Provider;
  readonly model: string;
  /** The version of the routes that named it; absent where none is configured. */
  readonly routesVersion?: string | null;
}

/** Whose models carry which names, where a client writes a bare name. */
const FAMILIES: readonly (readonly [pattern: RegExp, provider: string])[] = [
  [/^(gpt-|chatgpt-|o\d|codex-|ft:|text-embedding-(3|ada))/, "openai"],
  [/^claude/, "anthropic"],
  [/^(gemini|gemma|learnlm|embedding-001|text-embedding-00)/, "google"],
];

function notFound(model: string, providers: ReadonlyMap<string, Provider>): SlipwayError {
  const shown = model.length > 100 ? `${model.slice(0, 100)}…` : model;
  return new SlipwayError("model_not_found", `No configured provider serves the model \`${shown}\`.`, {
    param: "model",
    hint: `Configured: ${[...providers.keys()].join(", ")}. Write \`<provider>/<model>\` to choose one; GET /v1/models lists the models.`,
  });
}

/**
 * The target of a model name: `<provider>/<model>` where the provider is configured, else the provider whose family of names it is,
 * else the OpenAI-compatible upstream if there is one. In mock mode the mock answers for every name.
 * Throws `provider_not_configured` when there is no provider at all, `model_not_found` when none fits.
 */
export function resolveTarget(model: string, providers: ReadonlyMap<string, Provider>): Target {
  if (providers.size === 0) {
    throw new SlipwayError(
      "provider_not_configured",
      "No model provider is configured and the mock is off (TEST_MODE=false).",
      {
        hint: "Set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY or OPENAI_COMPATIBLE_BASE_URL, or TEST_MODE=true for the mock.",
      },
    );
  }
  const slash = model.indexOf("/");
  const named = slash > 0 ? providers.get(model.slice(0, slash)) : undefined;
  if (named && slash + 1 < model.length) return { provider: named, model: model.slice(slash + 1) };
  const mock = providers.get("mock");
  if (mock) return { provider: mock, model };
  const family = FAMILIES.find(([pattern]) => pattern.test(model));
  const provider = (family && providers.get(family[1])) ?? providers.get("openai-compatible");
  if (!provider) throw notFound(model, providers);
  return { provider, model };
}
