import type { OpenSecrets } from "#config/secrets.ts";
import type { Provider } from "#providers/provider.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";

const PROVIDERS: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: "openai",
  ANTHROPIC_API_KEY: "anthropic",
  GEMINI_API_KEY: "google",
  GOOGLE_AI_API_KEY: "google",
  OPENAI_COMPATIBLE_API_KEY: "openai-compatible",
};

/** Puts keys of providers that were rotated in force; says of secrets that nobody reads at each use that they want a restart. */
export function followSecrets(
  secrets: OpenSecrets | undefined,
  providers: ReadonlyMap<string, Provider>,
  metrics: Metrics,
  log: Logger,
): void {
  if (!secrets) return;
  secrets.countWith(metrics);
  secrets.follow(log, (setting, value, live) => {
    const name = PROVIDERS[setting];
    // Of Google's two names for one key the first one counts.
    if (setting === "GOOGLE_AI_API_KEY" && secrets.environment["GEMINI_API_KEY"]) return;
    const provider = name === undefined ? undefined : providers.get(name);
    if (provider?.setKey) {
      provider.setKey(value.trim());
      log.info({ setting, provider: provider.name }, "a provider's key was rotated");
    } else if (live) {
      log.info({ setting }, "a secret was rotated and is in force");
    } else {
      log.warn({ setting }, "a secret has another value now, which takes effect with the next start");
    }
  });
}
