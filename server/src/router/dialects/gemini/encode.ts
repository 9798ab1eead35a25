import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { AnswerFrame } from "../dialect.ts";
import { PartEncoder } from "./parts.ts";

/** The events of a whole answer, each part of it in one piece. */
function* eventsOf(answer: ModelAnswer): Generator<ModelEvent> {
  let calls = 0;
  for (const part of answer.content) {
    switch (part.type) {
      case "text":
        yield { type: "text", text: part.text };
        for (const citation of part.citations ?? []) yield { type: "citation", citation };
        yield { type: "text_end" };
        break;
      case "reasoning":
        yield { ...part };
        break;
      case "native":
        yield part;
        break;
      case "tool_call": {
        const { id, name, signature, signedBy, arguments: text } = part;
        const signed = { ...(signature === undefined ? {} : { signature }), ...(signedBy ? { signedBy } : {}) };
        yield { type: "tool_call_start", index: calls, id, name, ...signed };
        yield { type: "tool_call_delta", index: calls, arguments: text };
        calls += 1;
        break;
      }
      // An answer holds none of these.
      case "image":
      case "file":
      case "tool_result":
    }
  }
  if (answer.refusal !== "") yield { type: "refusal", text: answer.refusal };
}

/** A whole answer as a `GenerateContentResponse`. */
export function encode(answer: ModelAnswer, frame: AnswerFrame): unknown {
  const encoder = new PartEncoder();
  const parts: string[] = [];
  const add = (event: ModelEvent): void => {
    const text = encoder.event(event);
    if (text !== "") parts.push(text);
  };
  for (const event of eventsOf(answer)) add(event);
  const { finishReason, usage, native } = answer;
  const finish = {
    type: "finish",
    reason: finishReason ?? "stop",
    ...(usage ? { usage } : {}),
    ...(native ? { native } : {}),
  } as const;
  add(finish);
  const end = encoder.end(finish);
  const content = { parts: JSON.parse(`[${parts.join(",")}]`) as unknown, role: "model" };
  return {
    ...(end.blocked ? {} : { candidates: [{ content, index: 0, ...end.candidate }] }),
    ...end.answer,
    modelVersion: answer.model ?? frame.model,
    responseId: answer.id ?? frame.fallbackId,
  };
}
