import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import type { ConversationMessage } from "#memory/content.ts";
import type { RunEvent, RunListener } from "./run-event.ts";
import type { AgentRunner } from "./runner.ts";
import type { RunOrigin, RunSettings, RunTurn } from "./run-types.ts";

const PREFIX = "agent/";

/** The agent that a model name stands for: `support` for `agent/support`; undefined for a model. */
export function agentOfModel(model: string): string | undefined {
  return model.startsWith(PREFIX) ? model.slice(PREFIX.length) : undefined;
}

/** An agent that is about to answer as a model does. */
export interface AgentAnswer {
  readonly runId: string;
  readonly threadId: string;
  /** Begins the run. No event comes before this has returned. To be called once. */
  start(sink: ModelEventSink): ModelCall;
}

function isConversation(message: Message): message is ConversationMessage {
  return message.role !== "system";
}

function settingsOf(request: ModelRequest): RunSettings {
  const { maxOutputTokens, temperature, topP, stop, seed, responseFormat } = request;
  return {
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(stop === undefined ? {} : { stop }),
    ...(seed === undefined ? {} : { seed }),
    ...(responseFormat === undefined ? {} : { responseFormat }),
  };
}

/**
 * What a client's request asks of an agent. What follows the client's last assistant message is the turn, which is stored; what comes
 * before is the history where the client keeps it, and is left out where a thread does.
 */
function turnOfRequest(agent: string, request: ModelRequest, threadId: string | undefined): RunTurn {
  if (request.tools.length > 0 || request.nativeTools !== undefined) {
    throw new SlipwayError("unsupported_field", "An agent uses its own tools and takes none from the client.", {
      param: "tools",
      hint: "Leave `tools` out, or call a model instead of an agent.",
    });
  }
  const instructions = request.messages
    .filter(({ role }) => role === "system")
    .flatMap(({ content }) => content.flatMap((part) => (part.type === "text" ? [part.text] : [])))
    .join("\n\n");
  const conversation = request.messages.filter(isConversation);
  const begin = conversation.findLastIndex(({ role }) => role === "assistant") + 1;
  return {
    agent,
    messages: conversation.slice(begin),
    settings: settingsOf(request),
    ...(threadId === undefined ? { history: conversation.slice(0, begin) } : { threadId }),
    ...(instructions === "" ? {} : { instructions }),
  };
}

/** Hands the events of a run on as those of one model answer. */
class AnswerListener implements RunListener {
  readonly #sink: ModelEventSink;
  readonly #model: string;
  readonly #id: string;
  #said = false;
  #newStep = false;
  #over = false;

  constructor(sink: ModelEventSink, id: string, model: string) {
    this.#sink = sink;
    this.#id = id;
    this.#model = model;
  }

  /** Nothing is handed on any more. */
  close(): void {
    this.#over = true;
  }

  event(event: RunEvent): void {
    if (this.#over) return;
    switch (event.type) {
      case "step_start":
        if (event.step === 1) this.#sink.event({ type: "start", id: this.#id, model: this.#model });
        this.#newStep = true;
        return;
      case "text":
        // What an agent says before and after a tool are two paragraphs of the one text that a model answer has.
        if (this.#newStep && this.#said) this.#sink.event({ type: "text", text: "\n\n" });
        this.#newStep = false;
        this.#said = true;
        this.#sink.event(event);
        return;
      case "reasoning":
      case "refusal":
        this.#sink.event(event);
        return;
      case "done":
        this.#over = true;
        this.#sink.event({ type: "finish", reason: event.reason, usage: event.run.usage });
        this.#sink.end();
        return;
      case "failed":
        this.#over = true;
        this.#sink.fail(event.error);
        return;
      case "tool_call":
      case "tool_result":
      case "step_finish":
        // A model answer has no place for tools that are not the client's.
        return;
    }
  }
}

/**
 * Prepares a run that answers a model request, so that any client of models can speak to an agent. Fields of the client's body that we do
 * not interpret are left out: what the agent's model is sent is the agent's affair. Rejects as {@link AgentRunner.prepare} does, and with
 * `unsupported_field` when the client brings tools.
 */
export async function agentAsModel(
  runner: AgentRunner,
  call: { readonly agent: string; readonly request: ModelRequest; readonly threadId: string | undefined },
  origin: RunOrigin,
): Promise<AgentAnswer> {
  const prepared = await runner.prepare(turnOfRequest(call.agent, call.request, call.threadId), origin);
  return {
    runId: prepared.runId,
    threadId: prepared.threadId,
    start(sink) {
      const listener = new AnswerListener(sink, prepared.runId, call.request.model);
      const run = prepared.start(listener);
      return {
        abort() {
          listener.close();
          run.abort();
        },
        pause: () => run.pause(),
        resume: () => run.resume(),
      };
    },
  };
}
