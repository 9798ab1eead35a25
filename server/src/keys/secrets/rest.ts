import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { EgressClient, EgressRequest } from "#egress/egress.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";

/** `secret_unavailable`: what could not be read, of whom, and why. Never holds what an answer said: it may be the secret. */
export function unreadable(what: string, why: string, cause?: unknown): SlipwayError {
  return new SlipwayError("secret_unavailable", `${what}: ${why}.`, {
    hint: "Look at the reference, at who may read it, and at the way to it.",
    cause,
  });
}

const RETRIED = new Set([408, 429, 500, 502, 503, 504]);
const ATTEMPTS = 3;
const PAUSE_MS = 200;

async function attempt(
  client: EgressClient,
  what: string,
  url: string,
  request: EgressRequest,
): Promise<JsonObject | string> {
  const answer = await client.request(url, request);
  if (answer.status !== 200) {
    throw Object.assign(unreadable(what, `${new URL(url).host} answered with ${answer.status}`), {
      again: RETRIED.has(answer.status),
      refused: answer.status === 401 || answer.status === 403,
    });
  }
  const text = answer.body.toString("utf8");
  // Metadata services call their JSON plain text, and emulators name it as they like.
  if (!text.trimStart().startsWith("{")) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (isObject(parsed)) return parsed;
  } catch {
    // The parser's message would quote the answer.
  }
  throw unreadable(what, `${new URL(url).host} answered with something that cannot be read`);
}

function mayTryAgain(error: unknown): boolean {
  if (!(error instanceof SlipwayError)) return false;
  if (error.code === "egress_timeout" || error.code === "egress_failed" || error.code === "egress_busy") return true;
  return Reflect.get(error, "again") === true;
}

/** True when the one who asked was not let in, as with a token that is good no more. */
export function isRefusal(error: unknown): boolean {
  return error instanceof SlipwayError && Reflect.get(error, "refused") === true;
}

/** Asks up to three times, and answers JSON as an object and anything else as text. Rejects with `secret_unavailable`. */
export async function ask(
  client: EgressClient,
  what: string,
  url: string,
  request: EgressRequest = {},
): Promise<JsonObject | string> {
  for (let made = 1; ; made += 1) {
    try {
      return await attempt(client, what, url, request);
    } catch (error) {
      if (made < ATTEMPTS && mayTryAgain(error)) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** made * (0.5 + Math.random() / 2)));
        continue;
      }
      if (error instanceof SlipwayError && error.code === "secret_unavailable") throw error;
      throw unreadable(what, error instanceof Error ? error.message.replace(/\.$/, "") : "it failed", error);
    }
  }
}

/** The answer's field as text. */
export function textField(what: string, answer: unknown, ...path: readonly string[]): string {
  let at: unknown = answer;
  for (const step of path) at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  if (typeof at === "string") return at;
  throw unreadable(what, `the answer has no text in ${path.join(".")}`);
}

/** One field of a secret that is a JSON object, or the whole secret when no field is named. */
export function fieldOf(what: string, secret: string, field: string | undefined): string {
  if (field === undefined) return secret;
  let parsed: unknown;
  try {
    parsed = JSON.parse(secret);
  } catch {
    throw unreadable(what, `it is no JSON, so it has no field ${field}`);
  }
  const value = isObject(parsed) && Object.hasOwn(parsed, field) ? parsed[field] : undefined;
  if (typeof value === "string") return value;
  throw unreadable(what, `it has no text in ${field}`);
}
