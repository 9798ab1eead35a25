import { SlipwayError } from "@slipway/contracts/errors.ts";
import type {
  Message,
  NativePart,
  Part,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
} from "@slipway/contracts/model/request.ts";
import { arrayOf, objectOf, textOf } from "#providers/wire/json.ts";
import { asArray, asName, asObject, asString, type JsonObject, optional } from "#lib/shape.ts";
import { type Signed, unpackCallSignature, unpackSignature } from "../signature.ts";
import { decodeContent, decodeContentPart } from "./decode-content.ts";

/** Whose item it is: what the model gave, what tools gave it, or what the user and the system say. */
type Role = Message["role"];

const ROLES: Readonly<Record<string, Role>> = {
  user: "user",
  assistant: "assistant",
  system: "system",
  developer: "system",
};

const KNOWN_CALL: ReadonlySet<string> = new Set(["type", "id", "call_id", "name", "arguments", "status", "caller"]);
const KNOWN_OUTPUT: ReadonlySet<string> = new Set(["type", "id", "call_id", "output", "status", "name", "caller"]);

function native(value: JsonObject): NativePart {
  return { type: "native", family: "openai", value };
}

// A call through a program that runs at OpenAI, or of a namespace, is more than our word for calls can say.
function isPlain(item: JsonObject, known: ReadonlySet<string>): boolean {
  const caller = item["caller"];
  if (caller !== undefined && caller !== null && objectOf(caller)["type"] !== "direct") return false;
  for (const key in item) if (!known.has(key) && item[key] !== null && item[key] !== false) return false;
  return true;
}

function decodeCall(item: JsonObject, path: string): ToolCallPart {
  return {
    type: "tool_call",
    id: asName(item["call_id"], `${path}.call_id`),
    name: asName(item["name"], `${path}.name`),
    arguments: asString(item["arguments"], `${path}.arguments`),
  };
}

function decodeOutput(item: JsonObject, path: string): ToolResultPart {
  const { output } = item;
  const name = optional(item["name"], `${path}.name`, asName);
  const at = `${path}.output`;
  const content =
    typeof output === "string"
      ? output === ""
        ? []
        : [{ type: "text" as const, text: output }]
      : asArray(output, at).map((part, index) => decodeContentPart(part, `${at}[${index}]`));
  return {
    type: "tool_result",
    toolCallId: asName(item["call_id"], `${path}.call_id`),
    content,
    ...(name === undefined ? {} : { name }),
  };
}

function decodeReasoning(item: JsonObject, path: string): ReasoningPart {
  const parts = [...arrayOf(item["summary"]), ...arrayOf(item["content"])];
  const text = parts.map((part) => textOf(objectOf(part)["text"]) ?? "").join("\n\n");
  const sealed = optional(item["encrypted_content"], `${path}.encrypted_content`, asString);
  if (sealed === undefined || sealed === "") return { type: "reasoning", text };
  return { type: "reasoning", text, ...unpackSignature(sealed, "openai") };
}

interface Found {
  readonly role: Role;
  readonly parts: readonly Part[];
}

function decodeMessage(item: JsonObject, path: string): Found {
  const role = asString(item["role"], `${path}.role`);
  const found = Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
  if (found === undefined) {
    throw new SlipwayError("invalid_request", `\`${path}.role\` must be user, assistant, system or developer.`, {
      param: `${path}.role`,
    });
  }
  const phase = optional(item["phase"], `${path}.phase`, asString);
  const parts = decodeContent(item["content"], `${path}.content`);
  if (phase === undefined || found !== "assistant") return { role: found, parts };
  return { role: found, parts: parts.map((part) => (part.type === "text" ? { ...part, phase } : part)) };
}

function decodeItem(value: unknown, path: string): Found {
  const item = asObject(value, path);
  const type = optional(item["type"], `${path}.type`, asName) ?? "message";
  switch (type) {
    case "message":
      return decodeMessage(item, path);
    case "function_call":
      return { role: "assistant", parts: [isPlain(item, KNOWN_CALL) ? decodeCall(item, path) : native(item)] };
    case "function_call_output":
      return isPlain(item, KNOWN_OUTPUT)
        ? { role: "tool", parts: [decodeOutput(item, path)] }
        : { role: "user", parts: [native(item)] };
    case "reasoning":
      return { role: "assistant", parts: [decodeReasoning(item, path)] };
    default:
      // What tools of OpenAI's own give back is said by the user; their calls are the model's.
      return { role: /_output$|_response$/.test(type) ? "user" : "assistant", parts: [native(item)] };
  }
}

// See packCallSignature.
function joinCallSignatures(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  let waiting: Signed | undefined;
  for (const part of parts) {
    const sealed =
      part.type === "reasoning" && part.signature !== undefined ? unpackCallSignature(part.signature) : undefined;
    if (sealed) waiting = sealed;
    else if (part.type === "tool_call" && waiting) {
      joined.push({ ...part, ...waiting });
      waiting = undefined;
    } else joined.push(part);
  }
  return joined;
}

/** Items of `input`, or of a response's `output`, in the words of the event model: neighbours of one speaker are one message. */
export function decodeItems(items: readonly unknown[], path: string): Message[] {
  const messages: { readonly role: Role; content: Part[] }[] = [];
  items.forEach((item, index) => {
    const { role, parts } = decodeItem(item, `${path}[${index}]`);
    const last = messages.at(-1);
    // What a user says in two messages stays two; an answer is one, however many items it is made of.
    if (last?.role === role && (role === "assistant" || role === "tool")) last.content.push(...parts);
    else messages.push({ role, content: [...parts] });
  });
  for (const message of messages)
    if (message.role === "assistant") message.content = joinCallSignatures(message.content);
  return messages;
}

/** `input`: one text, or items. */
export function decodeInput(value: unknown): Message[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [{ role: "user", content: [{ type: "text", text: value }] }];
  return decodeItems(asArray(value, "input"), "input");
}

/** Whether a part only names an item of a kept answer, and which. */
export function referenceOf(part: Part): string | undefined {
  if (part.type !== "native" || part.value["type"] !== "item_reference") return undefined;
  const { id } = part.value;
  return typeof id === "string" ? id : undefined;
}
