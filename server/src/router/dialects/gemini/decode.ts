import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { asArray, asName, isObject, type JsonObject, optional } from "#lib/shape.ts";
import type { DecodedRequest, RequestHead } from "../dialect.ts";
import { decodeConfig } from "./decode-config.ts";
import { decodeContents, decodeSystem } from "./decode-contents.ts";
import { decodeToolConfig, decodeTools } from "./decode-tools.ts";
import { fieldsOf, otherFields } from "./fields.ts";
import { readTarget } from "./path.ts";

/** Fields that this decoder reads; every other one travels as it came to a provider of Google's family. */
const READ = new Set([
  // The path says it.
  "model",
  "contents",
  "systemInstruction",
  "tools",
  "toolConfig",
  "generationConfig",
  "labels",
]);

// `labels.thread_id` continues a thread of an agent; any other labels are Google's and travel on.
function decodeLabels(value: unknown): {
  readonly threadId: string | undefined;
  readonly rest: JsonObject | undefined;
} {
  const { thread_id: threadId, ...rest } = isObject(value) ? value : {};
  return {
    threadId: optional(threadId, "labels.thread_id", asName),
    rest: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

/** A `GenerateContentRequest` in the words of the event model. */
export function decodeRequest(
  value: unknown,
  model: string,
  stream: boolean,
): { readonly request: ModelRequest; readonly threadId: string | undefined } {
  const body = fieldsOf(value, "body");
  const config = decodeConfig(body["generationConfig"] ?? {});
  const { tools, nativeTools } = decodeTools(body["tools"] ?? []);
  const toolConfig = decodeToolConfig(body["toolConfig"] ?? {}, tools);
  const labels = decodeLabels(body["labels"]);
  const messages = decodeContents(asArray(body["contents"], "contents"));
  if (body["systemInstruction"] !== undefined) messages.unshift(decodeSystem(body["systemInstruction"]));
  const fields = {
    ...otherFields(body, READ),
    ...(toolConfig.rest ? { toolConfig: toolConfig.rest } : {}),
    ...(config.rest ? { generationConfig: config.rest } : {}),
    ...(labels.rest ? { labels: labels.rest } : {}),
  };
  const request: ModelRequest = {
    ...config.settings,
    model,
    messages,
    tools,
    stream,
    ...(nativeTools.length === 0 ? {} : { nativeTools }),
    ...(toolConfig.toolChoice === undefined ? {} : { toolChoice: toolConfig.toolChoice }),
    ...(Object.keys(fields).length === 0 ? {} : { extra: { family: "google", fields } }),
  };
  return { request, threadId: labels.threadId };
}

/** A body of `generateContent` or `streamGenerateContent`; the path says which, and of which model. */
export function decode(body: unknown, head: RequestHead): DecodedRequest {
  const target = readTarget(head.url ?? "");
  const stream = target.method === "streamGenerateContent";
  return {
    ...decodeRequest(body, target.model, stream),
    streamUsage: true,
    framing: target.sse ? "sse" : "array",
  };
}
