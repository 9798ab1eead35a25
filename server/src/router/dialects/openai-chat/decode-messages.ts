import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ImagePart, Message, Part, TextPart } from "@slipway/contracts/model/request.ts";
import { asArray, asName, asObject, asString, type JsonObject, optional } from "#lib/shape.ts";

const KNOWN_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  system: new Set(["role", "content"]),
  developer: new Set(["role", "content"]),
  user: new Set(["role", "content"]),
  assistant: new Set(["role", "content", "tool_calls", "refusal", "reasoning_content"]),
  tool: new Set(["role", "content", "tool_call_id"]),
};

function unsupported(param: string, hint: string): SlipwayError {
  return new SlipwayError("unsupported_field", `\`${param}\` cannot be carried to a model by this server.`, {
    param,
    hint,
  });
}

// Clients send answers back as they got them, with empty fields such as `annotations: []` or `audio: null`.
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function refuseUnknown(message: JsonObject, known: ReadonlySet<string>, path: string): void {
  for (const key in message) {
    if (!known.has(key) && !isEmpty(message[key])) throw unsupported(`${path}.${key}`, "Leave the field out.");
  }
}

const DATA_URL = /^data:([a-z0-9.+-]+\/[a-z0-9.+-]+);base64,/i;

function decodeImage(part: JsonObject, path: string): ImagePart {
  const image = asObject(part["image_url"], `${path}.image_url`);
  const url = asName(image["url"], `${path}.image_url.url`);
  const detail = optional(image["detail"], `${path}.image_url.detail`, asString);
  const head = DATA_URL.exec(url);
  if (!head && url.startsWith("data:")) {
    throw new SlipwayError(
      "invalid_request",
      `\`${path}.image_url.url\` is a data URL without a media type and base64 data.`,
      {
        param: `${path}.image_url.url`,
        hint: "Write it as data:image/png;base64,….",
      },
    );
  }
  const source: ImagePart["source"] = head
    ? { kind: "base64", mediaType: head[1] ?? "", data: url.slice(head[0].length) }
    : { kind: "url", url };
  return detail === undefined ? { type: "image", source } : { type: "image", source, detail };
}

function decodePart(value: unknown, path: string): TextPart | ImagePart {
  const part = asObject(value, path);
  const type = asString(part["type"], `${path}.type`);
  switch (type) {
    case "text":
      return { type: "text", text: asString(part["text"], `${path}.text`) };
    case "refusal":
      return { type: "text", text: asString(part["refusal"], `${path}.refusal`) };
    case "image_url":
      return decodeImage(part, path);
    default:
      throw unsupported(
        `${path}.type`,
        `Parts of type text and image_url are carried; this one is ${JSON.stringify(type.slice(0, 64))}.`,
      );
  }
}

function decodeContent(value: unknown, path: string): Part[] {
  if (typeof value === "string") return [{ type: "text", text: value }];
  return asArray(value, path).map((part, index) => decodePart(part, `${path}[${index}]`));
}

function decodeText(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  let text = "";
  for (const part of decodeContent(value, path)) {
    if (part.type !== "text") throw unsupported(path, "Only text is carried here.");
    text += part.text;
  }
  return text;
}

function decodeToolCall(value: unknown, path: string): Part {
  const call = asObject(value, path);
  if (call["type"] !== undefined && call["type"] !== "function") {
    throw unsupported(`${path}.type`, "Tool calls of type function are carried.");
  }
  const fn = asObject(call["function"], `${path}.function`);
  return {
    type: "tool_call",
    id: asName(call["id"], `${path}.id`),
    name: asName(fn["name"], `${path}.function.name`),
    arguments: asString(fn["arguments"], `${path}.function.arguments`),
  };
}

function decodeAssistant(message: JsonObject, path: string): Message {
  const content: Part[] = [];
  const reasoning = optional(message["reasoning_content"], `${path}.reasoning_content`, asString);
  if (reasoning) content.push({ type: "reasoning", text: reasoning });
  if (!isEmpty(message["content"])) content.push(...decodeContent(message["content"], `${path}.content`));
  const refusal = optional(message["refusal"], `${path}.refusal`, asString);
  if (refusal) content.push({ type: "text", text: refusal });
  const calls = optional(message["tool_calls"], `${path}.tool_calls`, asArray) ?? [];
  calls.forEach((call, index) => content.push(decodeToolCall(call, `${path}.tool_calls[${index}]`)));
  if (content.length === 0) {
    throw new SlipwayError("invalid_request", `\`${path}\` has neither content nor tool calls.`, {
      param: `${path}.content`,
    });
  }
  return { role: "assistant", content };
}

function decodeMessage(value: unknown, path: string): Message {
  const message = asObject(value, path);
  const role = asString(message["role"], `${path}.role`);
  const known = Object.hasOwn(KNOWN_FIELDS, role) ? KNOWN_FIELDS[role] : undefined;
  if (!known) {
    throw new SlipwayError("invalid_request", `\`${path}.role\` must be system, developer, user, assistant or tool.`, {
      param: `${path}.role`,
    });
  }
  refuseUnknown(message, known, path);
  switch (role) {
    case "assistant":
      return decodeAssistant(message, path);
    case "tool": {
      const toolCallId = asName(message["tool_call_id"], `${path}.tool_call_id`);
      return {
        role,
        content: [{ type: "tool_result", toolCallId, text: decodeText(message["content"], `${path}.content`) }],
      };
    }
    case "user":
      return { role, content: decodeContent(message["content"], `${path}.content`) };
    default:
      return { role: "system", content: [{ type: "text", text: decodeText(message["content"], `${path}.content`) }] };
  }
}

/** OpenAI's `messages` in the words of the event model. */
export function decodeMessages(value: unknown): Message[] {
  const messages = asArray(value, "messages");
  if (messages.length === 0) {
    throw new SlipwayError("invalid_request", "`messages` must hold at least one message.", { param: "messages" });
  }
  return messages.map((message, index) => decodeMessage(message, `messages[${index}]`));
}
