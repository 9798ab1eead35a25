import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { FinishReason, ModelEvent } from "@slipway/contracts/model/event.ts";
import { answerMessage, type ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import { addUsage, NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import { isObject } from "#lib/shape.ts";
import type { ConversationMessage } from "#memory/content.ts";
import type { LoadedAgent } from "../registry/loaded-agent.ts";
import { CallControl } from "./call-control.ts";
import { ModelStep } from "./model-step.ts";
import type { RunEvent } from "./run-event.ts";
import { refuseTools, runTools, type ToolBounds } from "./run-tools.ts";
import type { Models, RunOrigin, RunSettings } from "./run-types.ts";

/** What one run works with. */
export interface RunWork {
  readonly agent: LoadedAgent;
  readonly model: string;
  readonly models: Models;
  readonly runId: string;
  readonly threadId: string;
  readonly origin: RunOrigin;
  /** Milliseconds since the epoch at which the run must be over. */
  readonly deadline: number;
  readonly settings: RunSettings;
  /** The conversation up to and with the new input, instructions first. */
  readonly messages: readonly Message[];
  readonly toolBounds: ToolBounds;
  /** Stores messages of the thread. */
  readonly append: (messages: readonly ConversationMessage[]) => Promise<void>;
  readonly emit: (event: RunEvent) => void;
  readonly onToolThrow: (tool: string, thrown: unknown) => void;
}

/** How the loop ended. */
export interface LoopEnd {
  readonly steps: number;
  readonly usage: Usage;
  readonly result:
    | { readonly ok: true; readonly text: string; readonly reason: FinishReason }
    | { readonly ok: false; readonly error: SlipwayError };
}

/**
 * The answer as any model can be shown it again: some vendors take the arguments of a call as an object only, and a model that was
 * cut short has written none. The tool's result says what was wrong with them.
 */
function sayable(message: Message): Message {
  const content = message.content.map((part) =>
    part.type === "tool_call" && part.arguments.trim() !== "" && !isObjectText(part.arguments)
      ? { ...part, arguments: JSON.stringify({ malformed_arguments: part.arguments }) }
      : part,
  );
  return { ...message, content };
}

function isObjectText(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Asks the model, runs the tools it asks for, and again, until it answers. */
export class RunLoop {
  readonly #work: RunWork;
  readonly #control = new CallControl();
  readonly #stopped = new AbortController();
  readonly #messages: Message[];
  #steps = 0;
  #usage = NO_USAGE;

  constructor(work: RunWork) {
    this.#work = work;
    this.#messages = [...work.messages];
  }

  /** Ends the loop with this error, whatever it is doing. */
  stop(error: SlipwayError): void {
    this.#stopped.abort(error);
  }

  pause(): void {
    this.#control.pause();
  }

  resume(): void {
    this.#control.resume();
  }

  /** Never rejects. */
  async run(): Promise<LoopEnd> {
    const { agent, deadline } = this.#work;
    const timer = setTimeout(
      () =>
        this.stop(
          new SlipwayError("agent_timeout", `The agent "${agent.name}" did not finish in time.`, {
            hint: "Raise limits.timeoutSeconds of the agent, or ask for less at once.",
          }),
        ),
      Math.max(0, deadline - Date.now()),
    );
    try {
      const { text, reason } = await this.#untilAnswered();
      return { steps: this.#steps, usage: this.#usage, result: { ok: true, text, reason } };
    } catch (thrown) {
      return { steps: this.#steps, usage: this.#usage, result: { ok: false, error: toSlipwayError(thrown) } };
    } finally {
      clearTimeout(timer);
    }
  }

  async #untilAnswered(): Promise<{ readonly text: string; readonly reason: FinishReason }> {
    const { agent, emit } = this.#work;
    while (this.#steps < agent.limits.maxSteps) {
      this.#steps += 1;
      emit({ type: "step_start", step: this.#steps });
      const answer = await this.#askModel();
      if (answer.usage) this.#usage = addUsage(this.#usage, answer.usage);
      await this.#keep(sayable(answerMessage(answer)));
      const reason = answer.finishReason ?? "stop";
      if (answer.toolCalls.length > 0) await this.#runTools(answer);
      emit({ type: "step_finish", step: this.#steps, reason, usage: answer.usage });
      if (answer.toolCalls.length === 0) return { text: answer.text === "" ? answer.refusal : answer.text, reason };
    }
    throw new SlipwayError(
      "agent_step_limit",
      `The agent "${agent.name}" still called tools after ${agent.limits.maxSteps} steps.`,
      { hint: "Raise limits.maxSteps of the agent, or make its tools answer in fewer calls." },
    );
  }

  async #askModel(): Promise<ModelAnswer> {
    const { agent, models, origin, deadline } = this.#work;
    const step = new ModelStep((event) => this.#forward(event));
    const called = { ...origin, deadline, agent: agent.name };
    try {
      return await step.run(
        (sink) => models.stream(this.#request(), called, sink),
        this.#stopped.signal,
        this.#control,
      );
    } catch (error) {
      // Whoever stopped the answer has read it up to here, and will refer to it.
      if (this.#stopped.signal.aborted && step.partialText !== "") {
        await this.#keep({ role: "assistant", content: [{ type: "text", text: step.partialText }] });
      }
      throw error;
    }
  }

  #request(): ModelRequest {
    const { agent, model, settings } = this.#work;
    const limits = [settings.maxOutputTokens, agent.limits.maxOutputTokens].filter((limit) => limit !== undefined);
    return {
      ...settings,
      model,
      messages: this.#messages.slice(),
      tools: [...agent.tools.values()].map(({ definition }) => definition),
      ...(limits.length === 0 ? {} : { maxOutputTokens: Math.min(...limits) }),
      stream: true,
    };
  }

  #forward(event: ModelEvent): void {
    if (event.type !== "text" && event.type !== "reasoning" && event.type !== "refusal") return;
    if (event.text !== "") this.#work.emit({ type: event.type, text: event.text });
  }

  async #runTools(answer: ModelAnswer): Promise<void> {
    const { agent, origin, runId, threadId, toolBounds, emit, onToolThrow } = this.#work;
    const calls = answer.toolCalls.map((call) => ({ type: "tool_call" as const, ...call }));
    if (this.#steps === agent.limits.maxSteps) {
      // No step is left to read the results in. They are written all the same, so that the thread can be gone on with.
      await this.#keep(refuseTools(calls, "The tool was not run: the run had reached its limit of steps."));
      return;
    }
    const { signal } = this.#stopped;
    const context = { tenantId: origin.tenantId, agent: agent.name, runId, threadId, signal };
    const step = { tools: agent.tools, context, bounds: toolBounds, emit, onThrow: onToolThrow };
    await this.#keep(await runTools(step, calls));
    signal.throwIfAborted();
  }

  async #keep(message: Message): Promise<void> {
    if (message.content.length === 0 || message.role === "system") return;
    this.#messages.push(message);
    await this.#work.append([{ role: message.role, content: message.content }]);
  }
}
