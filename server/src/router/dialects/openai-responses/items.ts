import type { Citation, ReasoningPart, TextPart, ToolCallPart } from "@slipway/contracts/model/request.ts";
import type { JsonObject } from "#lib/shape.ts";
import { packCallSignature, packSignature } from "../signature.ts";

/** The id of an item of an answer: the answer's own id and a number, so that no two answers share one. */
export function itemId(prefix: string, responseId: string, index: number): string {
  return `${prefix}_${responseId.replace(/^resp_/, "")}_${index}`;
}

/** A source of a text; undefined for what has no address, which the format has no place for. */
export function annotationOf(citation: Citation, from: number, to: number): unknown {
  const { url, title, startIndex, endIndex, native } = citation;
  if (native?.family === "openai") return native.value;
  if (url === undefined) return undefined;
  return {
    type: "url_citation",
    url,
    title: title ?? url,
    start_index: startIndex ?? from,
    end_index: endIndex ?? to,
  };
}

/** An `output_text` part. */
export function outputText(text: string, annotations: readonly unknown[]): JsonObject {
  return { type: "output_text", text, annotations, logprobs: [] };
}

/** {@link outputText} of a part of an answer. */
export function textPart(part: TextPart): JsonObject {
  const { text, citations = [] } = part;
  return outputText(
    text,
    citations.flatMap((citation) => annotationOf(citation, 0, text.length) ?? []),
  );
}

/** A message item. */
export function messageItem(
  id: string,
  status: string,
  content: readonly JsonObject[],
  phase: string | undefined,
): JsonObject {
  return { id, type: "message", status, role: "assistant", content, ...(phase === undefined ? {} : { phase }) };
}

/** A reasoning item; its seal is there for whoever keeps the answer or asked for it. */
export function reasoningItem(id: string, part: Omit<ReasoningPart, "type">, sealed: boolean): JsonObject {
  const { text, signature, signedBy } = part;
  const seal = signature !== undefined && sealed ? packSignature(signature, signedBy, "openai") : undefined;
  return {
    id,
    type: "reasoning",
    summary: text === "" ? [] : [{ type: "summary_text", text }],
    ...(seal === undefined ? {} : { encrypted_content: seal }),
  };
}

/** The reasoning item that carries the signature of the call after it. */
export function callSeal(id: string, call: Pick<ToolCallPart, "signature" | "signedBy">): JsonObject | undefined {
  if (call.signature === undefined) return undefined;
  const seal = packCallSignature(call.signature, call.signedBy ?? "google");
  return { id, type: "reasoning", summary: [], encrypted_content: seal };
}

/** A call of one of the client's functions. */
export function callItem(
  id: string,
  call: Pick<ToolCallPart, "id" | "name" | "arguments">,
  status: string,
): JsonObject {
  return { id, type: "function_call", status, arguments: call.arguments, call_id: call.id, name: call.name };
}
