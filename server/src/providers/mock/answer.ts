import { SlipwayError } from "@slipway/contracts/errors.ts";
import { createHash } from "node:crypto";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { ModelRequest, ToolDefinition } from "@slipway/contracts/model/request.ts";
import { matchesPattern, schemaInstance } from "./instance.ts";
import { PatternSearch } from "./pattern.ts";
import { countPrompt, countTokens, cutText, lastUserText, toolAnswerText, words } from "./text.ts";

function mentions(text: string, tool: ToolDefinition): boolean {
  const said = text.toLowerCase();
  const name = tool.name.toLowerCase();
  return said.includes(name) || said.includes(name.replaceAll(/[_-]+/g, " "));
}

/** The tool that the mock calls, if any. */
function chooseTool(request: ModelRequest, text: string, search: PatternSearch): ToolDefinition | undefined {
  const { tools, toolChoice } = request;
  if (toolChoice === "none" || tools.length === 0 || request.messages.at(-1)?.role === "tool") return undefined;
  if (typeof toolChoice === "object") {
    const named = tools.find((tool) => tool.name === toolChoice.name);
    if (named) return named;
    throw new SlipwayError("invalid_request", `No tool of the name \`${toolChoice.name}\` is offered.`, {
      param: "toolChoice",
    });
  }
  const fitting =
    tools.find((tool) => mentions(text, tool)) ?? tools.find((tool) => matchesPattern(tool.parameters, text, search));
  return fitting ?? (toolChoice === "required" ? tools[0] : undefined);
}

function answerText(request: ModelRequest, text: string, search: PatternSearch): string {
  const { responseFormat } = request;
  if (responseFormat?.type === "json_schema")
    return JSON.stringify(schemaInstance(responseFormat.schema, text, search));
  const answer = toolAnswerText(request.messages) ?? `Mock answer to: ${text}`;
  return responseFormat?.type === "json_object" ? JSON.stringify({ answer }) : answer;
}

// What is asked, and not whether it is to be streamed: both ways give the same answer.
function contentHash(request: ModelRequest): string {
  const { messages, tools, toolChoice, responseFormat, maxOutputTokens, stop } = request;
  const content = [request.model, messages, tools, toolChoice, responseFormat, maxOutputTokens, stop];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 24);
}

/**
 * The mock's answer, one event for each word. The same request gives the same events, ids included. Tokens are counted as a
 * quarter of the characters, in the prompt and in the answer.
 */
export function mockEvents(request: ModelRequest): readonly ModelEvent[] {
  const text = lastUserText(request.messages);
  const search = new PatternSearch();
  const tool = chooseTool(request, text, search);
  const hash = contentHash(request);
  const events: ModelEvent[] = [{ type: "start", id: `mock-${hash}`, model: request.model }];
  const input = countPrompt(request);
  const usage = { input, cachedRead: 0, cacheWrite: 0, reasoning: 0 };
  if (tool) {
    const args = JSON.stringify(schemaInstance({ type: "object", ...tool.parameters }, text, search));
    events.push({ type: "tool_call_start", index: 0, id: `call_${hash}`, name: tool.name });
    for (const piece of words(args)) events.push({ type: "tool_call_delta", index: 0, arguments: piece });
    events.push({ type: "finish", reason: "tool_calls", usage: { ...usage, output: countTokens(tool.name + args) } });
    return events;
  }
  const answer = cutText(answerText(request, text, search), request);
  for (const word of words(answer.text)) events.push({ type: "text", text: word });
  events.push({
    type: "finish",
    reason: answer.cut ? "length" : "stop",
    usage: { ...usage, output: countTokens(answer.text) },
  });
  return events;
}
