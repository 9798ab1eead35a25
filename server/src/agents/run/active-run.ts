import type { Run } from "@slipway/contracts/api/agents.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message } from "@slipway/contracts/model/request.ts";
import type { ConversationMessage } from "#memory/content.ts";
import type { Envelopes } from "#memory/envelopes.ts";
import type { Runs, StoredRun } from "#store/runs.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { LoadedAgent } from "../registry/loaded-agent.ts";
import type { RunEvent, RunListener } from "./run-event.ts";
import { type LoopEnd, RunLoop } from "./run-loop.ts";
import { endedRun, finishRecord } from "./run-record.ts";
import type { ToolBounds } from "./run-tools.ts";
import type { Models, RunHandle, RunOrigin, RunSettings } from "./run-types.ts";

/** What a run under way is made of. */
export interface ActiveRunOptions {
  readonly agent: LoadedAgent;
  readonly model: string;
  readonly models: Models;
  readonly record: StoredRun;
  readonly origin: RunOrigin;
  readonly messages: readonly Message[];
  readonly settings: RunSettings;
  readonly toolBounds: ToolBounds;
  readonly append: (messages: readonly ConversationMessage[]) => Promise<void>;
  readonly store: { readonly runs: Runs; readonly envelopes: Envelopes };
  readonly listener: RunListener;
  readonly log: Pick<Logger, "warn" | "error">;
  readonly onEnd: (end: { readonly tenantId: string; readonly run: Run; readonly durationMs: number }) => void;
}

/** One run from its first step to its written end. */
export class ActiveRun implements RunHandle {
  readonly finished: Promise<Run>;
  readonly #options: ActiveRunOptions;
  readonly #loop: RunLoop;
  readonly #finish: (run: Run) => void;

  constructor(options: ActiveRunOptions) {
    const { agent, record, origin, log } = options;
    const { promise, resolve } = Promise.withResolvers<Run>();
    this.finished = promise;
    this.#finish = resolve;
    this.#options = options;
    this.#loop = new RunLoop({
      agent,
      model: options.model,
      models: options.models,
      runId: record.id,
      threadId: record.threadId,
      origin,
      deadline: Math.min(origin.deadline, Date.now() + agent.limits.timeoutSeconds * 1000),
      settings: options.settings,
      messages: options.messages,
      toolBounds: options.toolBounds,
      append: options.append,
      emit: (event) => this.#emit(event),
      onToolThrow: (tool, thrown) => {
        const fields = { agent: agent.name, tool, runId: record.id, requestId: origin.requestId };
        log.warn({ ...fields, error: describeError(thrown) }, "a tool failed");
      },
    });
  }

  /** Starts the loop after the caller has returned, so that it holds the run when the first event comes. */
  begin(): void {
    void Promise.resolve().then(() => this.#run());
  }

  abort(): void {
    this.#loop.stop(new SlipwayError("client_closed_request", "The run was stopped before it was done."));
  }

  pause(): void {
    this.#loop.pause();
  }

  resume(): void {
    this.#loop.resume();
  }

  async #run(): Promise<void> {
    const startedAt = performance.now();
    const { record, origin, onEnd } = this.#options;
    const end = await this.#loop.run();
    const run = endedRun(record, end, Date.now());
    await this.#write(end);
    onEnd({ tenantId: origin.tenantId, run, durationMs: performance.now() - startedAt });
    const { result } = end;
    this.#emit(result.ok ? { type: "done", run, reason: result.reason } : { type: "failed", run, error: result.error });
    this.#finish(run);
  }

  async #write(end: LoopEnd): Promise<void> {
    const { store, record, origin, log, agent } = this.#options;
    const fields = { agent: agent.name, runId: record.id, requestId: origin.requestId };
    const { result } = end;
    if (!result.ok && result.error.code === "internal") {
      log.error({ ...fields, error: describeError(result.error) }, "a run failed");
    }
    try {
      await finishRecord(store, origin.tenantId, record.id, end);
    } catch (error) {
      // The answer is with the caller and in the thread; only the record goes on saying `running`, until it is stale.
      log.error({ ...fields, error: describeError(error) }, "the end of a run could not be written");
    }
  }

  #emit(event: RunEvent): void {
    try {
      this.#options.listener.event(event);
    } catch (error) {
      const { agent, record, log } = this.#options;
      log.error({ agent: agent.name, runId: record.id, error: describeError(error) }, "a run's listener failed");
      this.abort();
    }
  }
}
