import type { Run } from "@slipway/contracts/api/agents.ts";
import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { Message, ModelRequest } from "@slipway/contracts/model/request.ts";
import type { ConversationMessage } from "#memory/content.ts";
import type { CallOrigin } from "#router/metered-call.ts";
import type { RunListener } from "./run-event.ts";

/** What runs call models through: the router, in process. A model that cannot be had fails through the sink or throws. */
export interface Models {
  stream(request: ModelRequest, origin: CallOrigin, sink: ModelEventSink): ModelCall;
}

/** On whose behalf a run goes. */
export type RunOrigin = Omit<CallOrigin, "agent">;

/** What a caller may say about the model calls of a run. */
export type RunSettings = Pick<
  ModelRequest,
  "maxOutputTokens" | "temperature" | "topP" | "stop" | "seed" | "responseFormat"
>;

/** What a run is asked to do. */
export interface RunTurn {
  readonly agent: string;
  /** What is new: the user's words, at least one message unless there is `history`. Stored in the thread. */
  readonly messages: readonly ConversationMessage[];
  /** The thread to go on in; absent: a new one. */
  readonly threadId?: string;
  /** The conversation so far where the caller keeps it: shown to the model as it is, not stored. Not together with `threadId`. */
  readonly history?: readonly Message[];
  /** The caller's own instructions, put after the agent's. */
  readonly instructions?: string;
  readonly settings?: RunSettings;
}

/** A run under way. */
export interface RunHandle {
  /** Stops the run: it ends as `cancelled`. Safe to call at any time and twice. */
  abort(): void;
  /** Asks the model's answer to hold back while the caller is slow to read. */
  pause(): void;
  resume(): void;
  /** The run as it ended, after its last event. Never rejects. */
  readonly finished: Promise<Run>;
}

/** A run whose thread and record exist and whose input is stored. */
export interface PreparedRun {
  readonly runId: string;
  readonly threadId: string;
  /** Begins the run. No event comes before this has returned. To be called once, and soon: the record says `running` already. */
  start(listener: RunListener): RunHandle;
}
