/** Fields that are shown in their own place, or are the same in every line of one server. */
const PLACED = new Set(["time", "level", "msg", "release", "error", "err"]);
/** Fields of the line per request that are of use only when lines are searched. */
const OF_REQUESTS = new Set(["requestId", "traceId", "tenantId", "keyId", "method", "route", "status", "durationMs"]);
const COLOURS: Readonly<Record<string, number>> = { debug: 90, info: 36, warn: 33, error: 31 };

type Fields = Readonly<Record<string, unknown>>;

/**
 * One line of the server's JSON log as a person reads it: time of day, level, message, and the fields that matter.
 * What is no such line comes back as it is.
 */
export function readableLogLine(line: string, colour: boolean): string {
  const fields = parse(line);
  if (fields === undefined) return line;
  const level = text(fields["level"]);
  const time = localTime(text(fields["time"]));
  const head = `${time} ${paint(level.padEnd(5), COLOURS[level] ?? 0, colour)}`;
  if (text(fields["msg"]) === "request") return `${head} ${request(fields)}`;
  return [
    `${head} ${text(fields["msg"])}${rest(fields, PLACED)}`,
    ...errorLines(fields["error"] ?? fields["err"]),
  ].join("\n");
}

function parse(line: string): Fields | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "level" in value ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function request(fields: Fields): string {
  const status = text(fields["status"]);
  const took = Number(fields["durationMs"]).toFixed(0);
  const known = new Set([...PLACED, ...OF_REQUESTS]);
  return `${status} ${text(fields["method"])} ${text(fields["route"])} ${took} ms${rest(fields, known)}`;
}

function rest(fields: Fields, known: ReadonlySet<string>): string {
  return Object.entries(fields)
    .filter(([name, value]) => !known.has(name) && value !== null && value !== undefined)
    .map(([name, value]) => ` ${name}=${text(value)}`)
    .join("");
}

function errorLines(error: unknown): readonly string[] {
  if (typeof error !== "object" || error === null) return error === undefined ? [] : [`    ${text(error)}`];
  const { stack, message } = error as { stack?: unknown; message?: unknown };
  return text(stack ?? message ?? error)
    .split("\n")
    .map((line) => `    ${line}`);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function localTime(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toTimeString().slice(0, 8);
}

function paint(word: string, code: number, colour: boolean): string {
  return colour && code !== 0 ? `\u001b[${code}m${word}\u001b[0m` : word;
}
