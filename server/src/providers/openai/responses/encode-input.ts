import type { Message, Part, ReasoningPart, ToolResultPart } from "@slipway/contracts/model/request.ts";
import { invalid, refuseName, refuseNative } from "../../wire/unsupported.ts";
import { inputPart, inputText, isContentPart } from "./parts.ts";
import { unpackReasoning } from "./reasoning.ts";

type Wire = Record<string, unknown>;

function misplaced(part: Part, role: string, path: string): Error {
  return invalid(path, `A part of type ${part.type} has no place in a message of role ${role}.`);
}

// Sealed reasoning of OpenAI's own goes back; what is not sealed, or sealed by others, could not be verified.
function encodeReasoning(part: ReasoningPart): Wire | undefined {
  if (part.signature === undefined || part.signedBy !== "openai") return undefined;
  const { id, encrypted } = unpackReasoning(part.signature);
  const summary = part.text === "" ? [] : [{ type: "summary_text", text: part.text }];
  return { type: "reasoning", ...(id === "" ? {} : { id }), summary, encrypted_content: encrypted };
}

function encodeOutput(part: ToolResultPart, path: string): Wire {
  const texts = part.content.every((piece) => piece.type === "text" && piece.cache === undefined);
  const plain = texts ? part.content.map((piece) => (piece.type === "text" ? piece.text : "")).join("") : undefined;
  // The format has no flag for a failed tool, so the text says it.
  const failed = part.isError === true && plain !== undefined && !/^error/i.test(plain);
  const output =
    plain === undefined
      ? part.content.flatMap((piece, at) => inputPart(piece, `${path}.content[${at}]`) ?? [])
      : failed
        ? `Error: ${plain}`
        : plain;
  return { type: "function_call_output", call_id: part.toolCallId, output };
}

/** The messages as `input` of the Responses API: a list of items. */
class InputItems {
  readonly items: Wire[] = [];
  /** The message that texts of the same speaker are added to. */
  #open: { readonly role: string; readonly phase: string | undefined; readonly content: Wire[] } | undefined;

  add(message: Message, path: string): void {
    refuseName(message, "openai", path);
    this.#open = undefined;
    message.content.forEach((part, at) => this.#part(part, message.role, `${path}.content[${at}]`));
  }

  #part(part: Part, role: Message["role"], path: string): void {
    if (part.type === "native") {
      refuseNative(part, "openai", "openai", path);
      if (role === "user" && isContentPart(part.value)) this.#say(role, { ...part.value }, undefined);
      else this.#item({ ...part.value });
      return;
    }
    switch (role) {
      case "system":
        if (part.type !== "text") throw misplaced(part, role, path);
        return this.#say(role, inputText(part), undefined);
      case "user": {
        const encoded = inputPart(part, path);
        if (!encoded) throw misplaced(part, role, path);
        return this.#say(role, encoded, undefined);
      }
      case "assistant":
        return this.#answer(part, path);
      case "tool":
        if (part.type !== "tool_result") throw misplaced(part, role, path);
        return this.#item(encodeOutput(part, path));
    }
  }

  #answer(part: Part, path: string): void {
    switch (part.type) {
      case "text":
        return this.#say("assistant", { type: "output_text", text: part.text, annotations: [] }, part.phase);
      case "reasoning": {
        const item = encodeReasoning(part);
        if (item) this.#item(item);
        return;
      }
      case "tool_call":
        return this.#item({ type: "function_call", call_id: part.id, name: part.name, arguments: part.arguments });
      default:
        throw misplaced(part, "assistant", path);
    }
  }

  #say(role: string, content: Wire, phase: string | undefined): void {
    if (this.#open?.role === role && this.#open.phase === phase) {
      this.#open.content.push(content);
      return;
    }
    this.#open = { role, phase, content: [content] };
    this.items.push({
      type: "message",
      role,
      content: this.#open.content,
      ...(phase === undefined ? {} : { phase }),
    });
  }

  #item(item: Wire): void {
    this.#open = undefined;
    this.items.push(item);
  }
}

/** The messages as `input`. */
export function encodeInput(messages: readonly Message[]): readonly Wire[] {
  const input = new InputItems();
  messages.forEach((message, index) => input.add(message, `messages[${index}]`));
  return input.items;
}
