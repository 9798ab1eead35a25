import type { Logger } from "#telemetry/logger.ts";
import type { Config } from "./config.ts";

/** Tells what a person who starts this server should know. */
export function announce(config: Config, mock: boolean, log: Logger): void {
  if (mock) {
    const because = config.mockByDefault ? "no provider key is set" : "TEST_MODE is true";
    log.warn({ because }, "answers come from the mock model, not from a real one");
  }
  if (config.withoutEffect.length > 0) {
    log.warn(
      { variables: config.withoutEffect },
      "these variables are set and understood, but have no effect in this version",
    );
  }
  const { unused, webhook } = config.auditSinks;
  if (unused.length > 0) {
    log.warn({ variables: unused }, "these variables have no effect: AUDIT_SINKS leaves their sinks out");
  }
  if (webhook?.keys.length === 0) {
    log.warn(
      {},
      "audit webhooks are not signed: set AUDIT_WEBHOOK_SECRET, so that the receiver can tell them from others'",
    );
  }
}
