import { createEgress } from "#egress/egress.ts";
import { parseReference, type SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import { createSecrets, type Secrets } from "#keys/secrets/secrets.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { readEgress } from "./egress.ts";
import type { Environment } from "./env.ts";
import { EnvironmentReader, SettingsError } from "./reader.ts";
import { referencesOf } from "./secret-variables.ts";
import { watchFile } from "./watch-file.ts";

/** The environment with the secrets in it, and what keeps them fresh. */
export interface OpenSecrets {
  /** Every reference replaced by what it leads to. Never handed to another process. */
  readonly environment: Environment;
  /** Counts requests to secret managers from here on. */
  countWith(metrics: Pick<Metrics, "egress">): void;
  /** Looks for other values: files at once, remote secrets each time to live. `onChange` is told each once. */
  follow(log: Logger, onChange: (variable: string, value: string) => void): void;
  close(): void;
}

const TIMING = { settleMs: 50, pollMs: 1000 };

interface Followed {
  readonly variable: string;
  readonly reference: SecretReference;
  value: string;
  failing: boolean;
}

class Opened implements OpenSecrets {
  readonly environment: Environment;
  readonly #secrets: Secrets;
  readonly #followed: readonly Followed[];
  readonly #ttlMs: number;
  readonly #counting: { metrics: Pick<Metrics, "egress"> | undefined };
  readonly #watches: { close(): void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(
    environment: Environment,
    secrets: Secrets,
    followed: readonly Followed[],
    ttlMs: number,
    counting: { metrics: Pick<Metrics, "egress"> | undefined },
  ) {
    this.environment = environment;
    this.#secrets = secrets;
    this.#followed = followed;
    this.#ttlMs = ttlMs;
    this.#counting = counting;
  }

  countWith(metrics: Pick<Metrics, "egress">): void {
    this.#counting.metrics = metrics;
  }

  follow(log: Logger, onChange: (variable: string, value: string) => void): void {
    const look = (one: Followed): Promise<void> => this.#look(one, log, onChange);
    const remote = this.#followed.filter(({ reference }) => reference.kind !== "env" && reference.kind !== "file");
    for (const one of this.#followed) {
      if (one.reference.kind === "file") this.#watches.push(watchFile(one.reference.path, TIMING, () => look(one)));
    }
    if (remote.length === 0) return;
    this.#timer = setInterval(() => void this.#lookAtAll(remote, look), this.#ttlMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const watch of this.#watches) watch.close();
    this.#secrets.close();
  }

  async #lookAtAll(remote: readonly Followed[], look: (one: Followed) => Promise<void>): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    for (const one of remote) await look(one);
    this.#looking = false;
  }

  async #look(one: Followed, log: Logger, onChange: (variable: string, value: string) => void): Promise<void> {
    const { variable, reference } = one;
    try {
      const value = await this.#secrets.reread(reference);
      if (one.failing) log.info({ variable, reference: reference.text }, "a secret can be read again");
      one.failing = false;
      if (value === one.value) return;
      one.value = value;
      onChange(variable, value);
    } catch (error) {
      if (one.failing) return;
      one.failing = true;
      log.warn(
        { variable, reference: reference.text, error: describeError(error) },
        "a secret cannot be read; what was read before stays in force",
      );
    }
  }
}

function parsedReferences(environment: Environment, problems: string[]): readonly [string, SecretReference][] {
  const parsed: [string, SecretReference][] = [];
  for (const [variable, text] of referencesOf(environment)) {
    try {
      parsed.push([variable, parseReference(text)]);
    } catch (error) {
      problems.push(`${variable} ${error instanceof Error ? error.message : "is no reference"}`);
    }
  }
  return parsed;
}

/**
 * Reads every secret that the environment names by reference.
 * Throws a SettingsError that lists all references that are wrong or cannot be read.
 */
export async function openSecrets(environment: Environment): Promise<OpenSecrets> {
  const reader = new EnvironmentReader(environment);
  const ttlMs = 1000 * reader.integer("SECRETS_TTL_SECONDS", 300, 1, 86_400);
  const { allow } = readEgress(reader);
  reader.finish();
  const counting: { metrics: Pick<Metrics, "egress"> | undefined } = { metrics: undefined };
  const egress = createEgress({
    allow,
    metrics: { egress: { inc: (labels) => counting.metrics?.egress.inc(labels) } },
  });
  const secrets = createSecrets({ egress, environment, ttlMs });
  const problems: string[] = [];
  const parsed = parsedReferences(environment, problems);
  const read = await Promise.allSettled(parsed.map(([, reference]) => secrets.read(reference)));
  const followed: Followed[] = [];
  const values: Record<string, string> = {};
  for (const [at, [variable, reference]] of parsed.entries()) {
    const result = read[at];
    if (result?.status === "fulfilled") {
      values[variable] = result.value;
      followed.push({ variable, reference, value: result.value, failing: false });
    } else {
      const reason: unknown = result?.reason;
      problems.push(`${variable} cannot be read: ${reason instanceof Error ? reason.message : "it failed"}`);
    }
  }
  if (problems.length > 0) {
    secrets.close();
    throw new SettingsError(problems);
  }
  return new Opened({ ...environment, ...values }, secrets, followed, ttlMs, counting);
}
