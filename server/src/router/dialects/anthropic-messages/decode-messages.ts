import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message, Part } from "@slipway/contracts/model/request.ts";
import { asArray, asObject, asString } from "#lib/shape.ts";
import { REDACTED } from "#providers/anthropic/redacted.ts";
import { type Signed, unpackCallSignature } from "../signature.ts";
import { decodeBlock } from "./decode-blocks.ts";

function decodeContent(value: unknown, path: string): Part[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  return asArray(value, path).map((block, index) => decodeBlock(block, `${path}[${index}]`));
}

// A user's blocks are ours of two roles: results of tools, and what the user says. Their order stays.
function splitUser(parts: readonly Part[]): Message[] {
  const messages: { role: "user" | "tool"; content: Part[] }[] = [];
  for (const part of parts) {
    const role = part.type === "tool_result" ? "tool" : "user";
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(part);
    else messages.push({ role, content: [part] });
  }
  return messages;
}

function callSignatureOf(part: Part): Signed | undefined {
  if (part.type !== "reasoning" || part.signature?.startsWith(REDACTED) !== true) return undefined;
  return unpackCallSignature(part.signature.slice(REDACTED.length));
}

// See packCallSignature.
function joinCallSignatures(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  let waiting: Signed | undefined;
  for (const part of parts) {
    const sealed = callSignatureOf(part);
    if (sealed) waiting = sealed;
    else if (part.type === "tool_call" && waiting) {
      joined.push({ ...part, ...waiting });
      waiting = undefined;
    } else joined.push(part);
  }
  return joined;
}

function decodeMessage(value: unknown, path: string): Message[] {
  const message = asObject(value, path);
  const role = asString(message["role"], `${path}.role`);
  const content = decodeContent(message["content"], `${path}.content`);
  switch (role) {
    case "user":
      return splitUser(content);
    case "assistant":
      return [{ role, content: joinCallSignatures(content) }];
    case "system":
      return [{ role, content }];
    default:
      throw new SlipwayError("invalid_request", `\`${path}.role\` must be user, assistant or system.`, {
        param: `${path}.role`,
      });
  }
}

/** `system` and `messages` in the words of the event model. */
export function decodeMessages(system: unknown, value: unknown): Message[] {
  const messages: Message[] = [];
  if (system !== undefined && system !== null) {
    const content = decodeContent(system, "system");
    if (content.length > 0) messages.push({ role: "system", content });
  }
  const list = asArray(value, "messages");
  if (list.length === 0) {
    throw new SlipwayError("invalid_request", "`messages` must hold at least one message.", { param: "messages" });
  }
  list.forEach((message, index) => messages.push(...decodeMessage(message, `messages[${index}]`)));
  return messages;
}
