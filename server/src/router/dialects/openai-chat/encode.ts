import type { FinishReason } from "@slipway/contracts/model/event.ts";
import type { ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { ToolCallPart } from "@slipway/contracts/model/request.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { jsonText } from "#lib/json-text.ts";
import type { AnswerFrame } from "../dialect.ts";
import { encodeCitation } from "./encode-citation.ts";

/**
 * OpenAI's `finish_reason`; a refusal is told by the message, not by the reason. One without a word (`told` is false) may have cut the
 * answer, which must not look whole.
 */
export function encodeFinishReason(reason: FinishReason, told: boolean): string {
  if (reason === "refusal") return told ? "stop" : "content_filter";
  return reason === "pause" ? "length" : reason;
}

function finishReasonOf({ finishReason = "stop", refusal }: ModelAnswer): string {
  return encodeFinishReason(finishReason, refusal !== "");
}

/** OpenAI's usage object: there cached tokens are part of the prompt and reasoning is part of the completion. */
export function encodeUsage(usage: Usage): unknown {
  const prompt = usage.input + usage.cachedRead + usage.cacheWrite;
  const completion = usage.output + usage.reasoning;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cachedRead,
      ...(usage.cacheWrite > 0 ? { cache_write_tokens: usage.cacheWrite } : {}),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

/** The signature that Google's clients of this format find beside a call, and must send back with it. */
export function encodeSignature(call: Pick<ToolCallPart, "signature" | "signedBy">): Record<string, unknown> {
  return call.signature !== undefined && call.signedBy === "google"
    ? { extra_content: { google: { thought_signature: call.signature } } }
    : {};
}

/** The sources of all pieces of text; their spans count from the start of the whole. */
function encodeAnnotations(answer: ModelAnswer): unknown[] {
  const annotations: unknown[] = [];
  let from = 0;
  for (const part of answer.content) {
    if (part.type !== "text") continue;
    const to = from + part.text.length;
    for (const citation of part.citations ?? []) {
      const annotation = encodeCitation(citation, from, to);
      if (annotation !== undefined) annotations.push(annotation);
    }
    from = to;
  }
  return annotations;
}

/** A whole answer as a `chat.completion` object. */
export function encode(answer: ModelAnswer, frame: AnswerFrame): unknown {
  const annotations = encodeAnnotations(answer);
  const calls = answer.content.filter((part) => part.type === "tool_call");
  const message = {
    role: "assistant",
    content: answer.text === "" && (answer.toolCalls.length > 0 || answer.refusal !== "") ? null : answer.text,
    refusal: answer.refusal === "" ? null : answer.refusal,
    ...(answer.reasoning === "" ? {} : { reasoning_content: answer.reasoning }),
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: call.id,
            type: "function",
            function: { name: call.name, arguments: call.arguments },
            ...encodeSignature(call),
          })),
        }),
  };
  return {
    id: answer.id ?? frame.fallbackId,
    object: "chat.completion",
    created: frame.created,
    model: answer.model ?? frame.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasonOf(answer) }],
    ...(answer.usage ? { usage: encodeUsage(answer.usage) } : {}),
  };
}

/**
 * The JSON of {@link encode} for an answer of one piece of text with figures, which most are; undefined for any other. To put the text
 * together takes half of what an object and its JSON take.
 */
export function encodePlain(answer: ModelAnswer, frame: AnswerFrame): string | undefined {
  const { content, usage } = answer;
  const [part] = content;
  if (content.length !== 1 || part?.type !== "text" || part.citations !== undefined) return undefined;
  if (usage === undefined || answer.refusal !== "" || answer.reasoning !== "") return undefined;
  const { input, cachedRead, cacheWrite, output, reasoning } = usage;
  const prompt = input + cachedRead + cacheWrite;
  const completion = output + reasoning;
  const reason = finishReasonOf(answer);
  const written = cacheWrite > 0 ? `,"cache_write_tokens":${cacheWrite}` : "";
  return (
    `{"id":${jsonText(answer.id ?? frame.fallbackId)},"object":"chat.completion","created":${frame.created},"model":${jsonText(answer.model ?? frame.model)},` +
    `"choices":[{"index":0,"message":{"role":"assistant","content":${JSON.stringify(answer.text)},"refusal":null},"logprobs":null,"finish_reason":"${reason}"}],` +
    `"usage":{"prompt_tokens":${prompt},"completion_tokens":${completion},"total_tokens":${prompt + completion},` +
    `"prompt_tokens_details":{"cached_tokens":${cachedRead}${written}},"completion_tokens_details":{"reasoning_tokens":${reasoning}}}}`
  );
}
