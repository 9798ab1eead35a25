import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message, Part, ReasoningPart, TextPart } from "@slipway/contracts/model/request.ts";
import { asArray, asString } from "#lib/shape.ts";
import { CallIds, decodePart } from "./decode-parts.ts";
import { fieldsOf } from "./fields.ts";

/** What makes up a conversation: results of tools are messages of their own, and an answer of the model is one message. */
class Conversation {
  readonly messages: { readonly role: Message["role"]; readonly content: Part[] }[] = [];

  user(parts: readonly Part[]): void {
    let role: Message["role"] | undefined;
    for (const part of parts) {
      const next = part.type === "tool_result" ? "tool" : "user";
      if (next !== role) this.messages.push({ role: next, content: [] });
      role = next;
      this.messages.at(-1)?.content.push(part);
    }
  }

  // Clients that keep what they streamed send an answer back in as many contents as it came in pieces.
  model(parts: readonly Part[]): void {
    if (parts.length === 0) return;
    const last = this.messages.at(-1);
    const content = last?.role === "assistant" ? last.content : [];
    if (last?.role !== "assistant") this.messages.push({ role: "assistant", content });
    for (const part of parts) join(content, part);
  }
}

/** Adds a part to an answer; a piece of text or of thought goes on with the one before it. */
function join(content: Part[], part: Part): void {
  const last = content.at(-1);
  const at = content.length - 1;
  if (part.type === "text") {
    if (last?.type === "text") content[at] = { ...last, text: last.text + part.text };
    else if (part.text !== "") content.push(part);
  } else if (part.type === "reasoning" && last?.type === "reasoning" && last.signature === undefined && goesOn(part)) {
    content[at] = { ...part, text: last.text + part.text };
  } else content.push(part);
}

// The signature of another vendor's thoughts comes after them and is theirs; Google's belongs to what comes after it.
function goesOn(part: ReasoningPart): boolean {
  return part.text !== "" || part.signedBy !== "google";
}

/** Gemini's `contents` in the words of the event model. */
export function decodeContents(value: unknown): Message[] {
  const contents = asArray(value, "contents");
  if (contents.length === 0) {
    throw new SlipwayError("invalid_request", "`contents` must hold at least one content.", { param: "contents" });
  }
  const conversation = new Conversation();
  const ids = new CallIds();
  contents.forEach((entry, index) => {
    const path = `contents[${index}]`;
    const content = fieldsOf(entry, path);
    const role = content["role"] ?? "user";
    const parts = content["parts"] === undefined ? [] : asArray(content["parts"], `${path}.parts`);
    const decoded = parts.flatMap((part, at) => decodePart(part, `${path}.parts[${at}]`, ids));
    if (role === "model") conversation.model(decoded);
    else if (role === "user" || role === "function") {
      if (decoded.length === 0) {
        throw new SlipwayError("invalid_request", `\`${path}.parts\` must hold at least one part.`, {
          param: `${path}.parts`,
        });
      }
      conversation.user(decoded);
    } else {
      throw new SlipwayError("invalid_request", `\`${path}.role\` must be user or model.`, { param: `${path}.role` });
    }
  });
  return conversation.messages;
}

/** `systemInstruction`, a content of text, as the message that comes first. */
export function decodeSystem(value: unknown): Message {
  const parts = asArray(fieldsOf(value, "systemInstruction")["parts"], "systemInstruction.parts");
  const content = parts.map((entry, index): TextPart => {
    const path = `systemInstruction.parts[${index}]`;
    return { type: "text", text: asString(fieldsOf(entry, path)["text"], `${path}.text`) };
  });
  return { role: "system", content };
}
