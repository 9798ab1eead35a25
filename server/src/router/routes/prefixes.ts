import { hash } from "node:crypto";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";

/** The beginning of a prompt, up to the end of one of its messages. */
export interface Prefix {
  readonly hash: string;
  /** Estimated: four characters are about one token. */
  readonly tokens: number;
  /** System prompt and tools alone, which many conversations have in common. */
  readonly shared: boolean;
}

/** The beginnings of a prompt, the shortest first; the last one is the whole. */
export type Prefixes = readonly Prefix[];

const CHARACTERS_PER_TOKEN = 4;
/** A next turn adds a few messages at most, so only the last beginnings can be known from the turn before. */
const MOST_PREFIXES = 32;

/**
 * The beginnings of a request's prompt as hashes, each over the one before and a message, so that a next turn of the same
 * conversation has those of this turn among its own. Two tenants never have one in common.
 */
export function prefixesOf(request: ModelRequest, tenantId: string): Prefixes {
  const { messages, tools } = request;
  let at = messages.findIndex(({ role }) => role !== "system");
  if (at === -1) at = messages.length;
  const opening = JSON.stringify([request.model, tools, messages.slice(0, at)]);
  let chain = hash("sha256", `${tenantId.length}:${tenantId}${opening}`, "base64url");
  let characters = opening.length;
  const prefixes: Prefix[] = [];
  const add = (shared: boolean): void => {
    const tokens = Math.ceil(characters / CHARACTERS_PER_TOKEN);
    prefixes.push({ hash: chain, tokens, shared });
    if (prefixes.length > MOST_PREFIXES + 1) prefixes.splice(1, 1);
  };
  add(true);
  for (const message of messages.slice(at)) {
    const text = JSON.stringify(message);
    chain = hash("sha256", chain + text, "base64url");
    characters += text.length;
    add(false);
  }
  return prefixes;
}
