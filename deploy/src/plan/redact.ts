import { isMap } from "#spec/merge.ts";

/** What stands in the place of a value that is not shown. */
const REDACTED = "(redacted)";
const NOT_SHOWN = "(text, not shown)";

const SECRET_NAME =
  /pass(word|wd|phrase)?$|secret(?!s$)|token|api[-_]?key|private[-_]?key|access[-_]?key|encryption[-_]?key|signing[-_]?key|credential|connection[-_]?string|authorization|dsn$/i;
/** Names of what leads to a secret and is none. */
const REFERENCE_NAME =
  /(ref|name|arn|store|provider|path|file|policy|class|mount|url|uri|id|count|limit|ttl)$|secretRef/i;
const REFERENCE = /^(file:|gcp-sm:\/\/|aws-sm:\/\/|azure-kv:\/\/|vault:\/\/|projects\/|arn:)/;
const SECRET_VALUE =
  /:\/\/[^\s:/@]*:[^\s/@]+@|\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{36}|sk-[\w-]{20,}|AIza[\w-]{35}|xox[baprs]-[\w-]{10,})|-----BEGIN|\beyJ[\w-]+\.eyJ|^(Bearer|Basic) |(password|passwd|secret|token|api[-_]?key)\s*[=:]\s*\S/i;
/** Documents whose content is secret, whatever their fields are called. */
const SECRET_KIND = /(^|\/)Secret\/|AWS::SecretsManager::Secret\/|AWS::SSM::Parameter\/|^secret\//;
const LONGEST = 120;

/** A number, a size, a time or a share, as platforms write them. */
const MEASURE = /^-?\d{1,15}(\.\d{1,9})?(m|[kMGTP]i?|ms|s|h|%)?$/;
/**
 * An image with its registry (a name with a dot or a port) and a tag or a digest; the path is of small letters
 * (https://github.com/distribution/reference, the grammar of references). Without those anything with a slash would read as one.
 */
const IMAGE =
  /^(?=[^/]*[.:])[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:\w[\w.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/;

/** What a plan says of a value that is rendered. Secrets should not be among them; those that a name or a form betrays are not shown. */
export function shownDesired(id: string, path: string, value: unknown): string {
  if (SECRET_KIND.test(id) && !/^(apiVersion|kind|metadata)\b/.test(path)) return REDACTED;
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  return shown(steps, value);
}

function shown(steps: readonly string[], value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return bounded(`[${value.map((item) => shown(steps, item)).join(", ")}]`);
  if (isMap(value)) {
    const named = typeof value["name"] === "string" ? value["name"] : undefined;
    const fields = Object.entries(value).map(([name, inner]) => {
      const own = named !== undefined && /^value$/i.test(name) ? [...steps, named] : steps;
      return `${name}: ${shown([...own, name], inner)}`;
    });
    return bounded(`{ ${fields.join(", ")} }`);
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (isSecret(steps, text)) return REDACTED;
  if (/\n/.test(text)) return `(text of ${text.split("\n").length} lines)`;
  return bounded(typeof value === "string" && !MEASURE.test(text) ? JSON.stringify(value) : text);
}

function isSecret(steps: readonly string[], text: string): boolean {
  if (SECRET_VALUE.test(text)) return true;
  if (REFERENCE.test(text) || MEASURE.test(text) || /^(true|false|null)$/.test(text)) return false;
  const last = steps.at(-1) ?? "";
  // The value of a variable is named by the variable.
  const name = /^value$/i.test(last) ? (steps.at(-2) ?? "") : last;
  return SECRET_NAME.test(name) && !REFERENCE_NAME.test(name);
}

function bounded(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length} characters)`;
}

/**
 * What a plan says of a value that was found on the platform. Who wrote it is not known, so nothing is shown that could hold a
 * secret: numbers, sizes, times, shares, truths, and images where an image belongs; of everything else only that it is there.
 */
export function shownObserved(id: string, path: string, value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return `(list of ${value.length})`;
  if (isMap(value)) return `(map of ${Object.keys(value).length})`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const steps = path.split(/[.[\]]+/).filter((step) => step !== "");
  if (SECRET_KIND.test(id) || namedSecret(steps)) return REDACTED;
  if (typeof value !== "string" || MEASURE.test(text)) return text;
  return /^image$/i.test(steps.at(-1) ?? "") && IMAGE.test(text) ? JSON.stringify(text) : NOT_SHOWN;
}

function namedSecret(steps: readonly string[]): boolean {
  return steps.some((step) => SECRET_NAME.test(step) && !REFERENCE_NAME.test(step));
}
