import { pino } from "pino";
import { type GoogleLog, severityOf, TRACE_FIELD, tracePrefix } from "./google-log.ts";

/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What the rooms log through: JSON lines on standard output, never a secret. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Closes the stream so that nothing is lost at exit. */
  flush(): void;
}

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

// A field of one of these names is masked wherever a line carries it: a second line of defence, not the first.
const SECRET_FIELDS = ["apiKey", "authorization", "password", "secret", "token", "cookie", "connectionString"];

/** The error as plain fields: name, message, stable code, stack, and the same of its cause. */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { message: String(error) };
  const code: unknown = Reflect.get(error, "code");
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === "string" ? { code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** The message and level by the names that Cloud Logging looks for, and the trace that a line names. */
function googleShape(google: GoogleLog) {
  const prefix = tracePrefix(google);
  return {
    messageKey: "message",
    formatters: {
      level: (label: string) => ({ severity: severityOf(label) }),
      log: (fields: Record<string, unknown>) =>
        prefix !== undefined && typeof fields["traceId"] === "string"
          ? { ...fields, [TRACE_FIELD]: prefix + fields["traceId"] }
          : fields,
    },
  };
}

/** A logger at `level` whose every line carries `release`, and in a worker its number. */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly release: string;
  readonly worker?: number | undefined;
  /** Set where Cloud Logging reads the lines. */
  readonly google?: GoogleLog | undefined;
}): Logger {
  const destination = pino.destination({ fd: 1, sync: true });
  const log = pino(
    {
      level: options.level,
      base: { release: options.release, ...(options.worker === undefined ? {} : { worker: options.worker }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      ...(options.google === undefined
        ? { formatters: { level: (label: string) => ({ level: label }) } }
        : googleShape(options.google)),
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "[redacted]" },
    },
    destination,
  );
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    flush: () => log.flush(),
  };
}
