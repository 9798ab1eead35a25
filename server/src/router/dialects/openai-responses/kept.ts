import type { Message } from "@slipway/contracts/model/request.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { encodeInput } from "#providers/openai/responses/encode-input.ts";
import { itemId } from "./items.ts";

/** A kept response without the seals of its reasoning, as OpenAI gives it unless asked for them. */
export function withoutSeals(response: JsonObject): JsonObject {
  const { output } = response;
  if (!Array.isArray(output)) return response;
  const shown = output.filter(isObject).flatMap((item): JsonObject[] => {
    if (item["type"] !== "reasoning") return [item];
    const { encrypted_content: seal, ...rest } = item;
    // An item that is nothing but the seal of the call after it is none of the answer's.
    return typeof seal === "string" && seal.startsWith("slipway-call:") ? [] : [rest];
  });
  return { ...response, output: shown };
}

/** What was asked, as items with ids of their own. */
export function encodeInputItems(asked: readonly Message[], responseId: string): readonly JsonObject[] {
  return encodeInput(asked).map((item, index) => ({ id: itemId("in", responseId, index), ...item }));
}
