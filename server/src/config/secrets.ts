import { createEgress } from "#egress/egress.ts";
import { parseReference, type SecretReference } from "@slipway/contracts/spec/secret-reference.ts";
import { unreadable } from "#keys/secrets/rest.ts";
import { createSecrets, type Secrets } from "#keys/secrets/secrets.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";
import { readEgress } from "./egress.ts";
import type { Environment } from "./env.ts";
import { EnvironmentReader, SettingsError } from "./reader.ts";
import { referencesOf } from "./secret-variables.ts";
import { watchFile } from "./watch-file.ts";

/** A secret that is kept fresh. */
export interface LiveSecret {
  /** As it was read last. */
  readonly value: string;
}

/** Told of a secret that has another value now; `live`: somebody reads it at each use, so that it is in force already. */
export type SecretChanged = (setting: string, value: string, live: boolean) => void;

/** The environment with the secrets in it, and what keeps them fresh. */
export interface OpenSecrets {
  /** Every reference replaced by what it leads to. Never handed to another process. */
  readonly environment: Environment;
  /** The secret of a variable that was given by reference, for somebody who reads it at each use. */
  readonly held: (variable: string) => LiveSecret | undefined;
  /** Reads one more secret, called so in the log, which `follow` then keeps fresh. Rejects with `secret_unavailable`. */
  open(setting: string, reference: SecretReference): Promise<LiveSecret>;
  /** Counts requests to secret managers from here on. */
  countWith(metrics: Pick<Metrics, "egress">): void;
  /** Looks for other values: files at once, remote secrets each time to live. `onChange` is told each once. */
  follow(log: Logger, onChange: SecretChanged): void;
  close(): void;
}

const TIMING = { settleMs: 50, pollMs: 1000 };
/** The longest that one secret may take at start, all attempts and the machine's own sign-in included. */
const OPEN_WITHIN_MS = 60_000;

interface Followed {
  readonly setting: string;
  readonly reference: SecretReference;
  value: string;
  live: boolean;
  failing: boolean;
}

class Opened implements OpenSecrets {
  environment: Environment;
  readonly #secrets: Secrets;
  readonly #followed: Followed[] = [];
  readonly #ttlMs: number;
  readonly #counting: { metrics: Pick<Metrics, "egress"> | undefined } = { metrics: undefined };
  readonly #watches: { close(): void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(environment: Environment) {
    const reader = new EnvironmentReader(environment);
    this.#ttlMs = 1000 * reader.integer("SECRETS_TTL_SECONDS", 300, 1, 86_400);
    const { allow } = readEgress(reader);
    reader.finish();
    const counting = this.#counting;
    const egress = createEgress({
      allow,
      metrics: { egress: { inc: (labels) => counting.metrics?.egress.inc(labels) } },
    });
    this.environment = environment;
    this.#secrets = createSecrets({ egress, environment, ttlMs: this.#ttlMs });
  }

  readonly held = (variable: string): LiveSecret | undefined => {
    const found = this.#followed.find(({ setting }) => setting === variable);
    if (found) found.live = true;
    return found;
  };

  async open(setting: string, reference: SecretReference): Promise<LiveSecret> {
    return await this.#take(setting, reference, true);
  }

  /** Reads what variables name. Throws a SettingsError that lists all that are wrong or cannot be read. */
  async openVariables(): Promise<void> {
    const problems: string[] = [];
    const parsed = parsedReferences(this.environment, problems);
    const read = await Promise.allSettled(parsed.map((one) => this.#take(...one, false)));
    const values: Record<string, string> = {};
    for (const [at, [variable]] of parsed.entries()) {
      const result = read[at];
      if (result?.status === "fulfilled") values[variable] = result.value.value;
      else {
        const reason: unknown = result?.reason;
        problems.push(`${variable} cannot be read: ${reason instanceof Error ? reason.message : "it failed"}`);
      }
    }
    if (problems.length > 0) throw new SettingsError(problems);
    this.environment = { ...this.environment, ...values };
  }

  countWith(metrics: Pick<Metrics, "egress">): void {
    this.#counting.metrics = metrics;
  }

  follow(log: Logger, onChange: SecretChanged): void {
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

  async #take(setting: string, reference: SecretReference, live: boolean): Promise<Followed> {
    const value = await within(OPEN_WITHIN_MS, reference, this.#secrets.read(reference));
    const one = { setting, reference, value, live, failing: false };
    this.#followed.push(one);
    return one;
  }

  async #lookAtAll(remote: readonly Followed[], look: (one: Followed) => Promise<void>): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    for (const one of remote) await look(one);
    this.#looking = false;
  }

  async #look(one: Followed, log: Logger, onChange: SecretChanged): Promise<void> {
    const { setting, reference } = one;
    try {
      const value = await this.#secrets.reread(reference);
      if (one.failing) log.info({ setting, reference: reference.text }, "a secret can be read again");
      one.failing = false;
      if (value === one.value) return;
      one.value = value;
      onChange(setting, value, one.live);
    } catch (error) {
      if (one.failing) return;
      one.failing = true;
      log.warn(
        { setting, reference: reference.text, error: describeError(error) },
        "a secret cannot be read; what was read before stays in force",
      );
    }
  }
}

/** A file may be a pipe that nobody writes to: reading it would take for ever. */
async function within(ms: number, { text }: SecretReference, reading: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreadable(text, `it was not read within ${ms / 1000} s`)), ms);
  });
  return await Promise.race([reading, late]).finally(() => clearTimeout(timer));
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

/** Reads no secret yet. Throws a SettingsError when the settings of reading are wrong. */
export function createOpenSecrets(environment: Environment): OpenSecrets {
  return new Opened(environment);
}

/**
 * Reads every secret that the environment names by reference.
 * Throws a SettingsError that lists all references that are wrong or cannot be read.
 */
export async function openSecrets(environment: Environment): Promise<OpenSecrets> {
  const opened = new Opened(environment);
  try {
    await opened.openVariables();
  } catch (error) {
    opened.close();
    throw error;
  }
  return opened;
}
