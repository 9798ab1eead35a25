/*
 * What is taken out of contents before they are written. By name where a field says that it holds a secret, by form where a text
 * is one: provider keys, our own keys, bearer tokens, JSON Web Tokens, private keys.
 */

const SECRET_NAME =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-goog-api-key|.*(?:password|passwd|passphrase|secret|api[-_]?key|access[-_]?key|private[-_]?key|access[-_]?token|refresh[-_]?token|id[-_]?token|auth[-_]?token|bearer|credential)s?)$/i;
const EXACT_TOKEN = /^(?:token|key|auth)$/i;
const SECRET_TEXT =
  /\b(?:Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}|\b(?:sk|pk|rk|slw|slipway|ghp|gho|ghs|xox[abprs]|glpat|AKIA|ASIA|AIza)[-_A-Za-z0-9]{12,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
// A JSON Web Token, behind what stands before it without a break. It is looked for from where a word begins and only where a dot follows
// the word: from each `-eyJ` on, a text that is full of them would be read to its end time and again.
const TOKEN_TEXT =
  /(?<![A-Za-z0-9_-])(?=[A-Za-z0-9_-]{11,}\.[A-Za-z0-9_-]{8,}\.)((?:[A-Za-z0-9_-]*?-)?)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;

const REDACTED = "[redacted]";
const MOST_DEPTH = 64;

/** The value with secrets replaced by `[redacted]`; what is nested deeper than 64 levels is left out. The value itself stays as it is. */
function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MOST_DEPTH) return "[left out]";
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, isSecret(name, field) ? REDACTED : redact(field, depth + 1)]),
  );
}

function isSecret(name: string, field: unknown): boolean {
  if (field === null || field === undefined || typeof field === "boolean") return false;
  return SECRET_NAME.test(name) || (typeof field === "string" && EXACT_TOKEN.test(name));
}

/** The text without what has the form of a secret. */
function redactText(text: string): string {
  const without = text.replace(SECRET_TEXT, REDACTED);
  return without.includes("eyJ") ? without.replace(TOKEN_TEXT, `$1${REDACTED}`) : without;
}

/**
 * What was said as JSON of at most `maxBytes` bytes, redacted first, so that no cut can leave half of a secret unrecognised. What is
 * longer is cut and says so.
 */
export function contentText(content: unknown, maxBytes: number): string {
  const text = JSON.stringify(redact(content)) ?? "null";
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const kept = Buffer.from(text)
    .subarray(0, Math.max(0, Math.floor(maxBytes / 2)))
    .toString("utf8");
  return JSON.stringify({ truncated: true, bytes, beginning: kept });
}
