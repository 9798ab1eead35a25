import type { Run } from "@slipway/contracts/api/agents.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message } from "@slipway/contracts/model/request.ts";
import { isId, newId } from "#lib/ids.ts";
import type { Conversations } from "#memory/conversations.ts";
import type { Envelopes } from "#memory/envelopes.ts";
import type { Runs, StoredRun } from "#store/runs.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { LoadedAgent } from "../registry/loaded-agent.ts";
import type { Agents } from "../registry/agents.ts";
import { ActiveRun } from "./active-run.ts";
import { orAbandoned, presentRun } from "./run-record.ts";
import type { ToolBounds } from "./run-tools.ts";
import type { Models, PreparedRun, RunOrigin, RunTurn } from "./run-types.ts";

/** How a run ended, for metrics and audit. */
export interface RunEnd {
  readonly tenantId: string;
  readonly run: Run;
  readonly durationMs: number;
}

/** Settings of {@link createAgentRunner}. */
export interface RunnerOptions {
  readonly agents: Pick<Agents, "find" | "has">;
  readonly conversations: Conversations;
  readonly runs: Runs;
  readonly envelopes: Envelopes;
  readonly models: Models;
  /** The model of agents that name none; undefined: such agents fail. */
  readonly defaultModel: string | undefined;
  readonly log: Pick<Logger, "warn" | "error">;
  /** Told once of every run that was begun. */
  readonly onEnd?: (end: RunEnd) => void;
  /** Runs at once in this process; default 1,000. */
  readonly maxRuns?: number;
  /** Default: 60 s a tool, 8 at once, 64 in one answer. */
  readonly toolBounds?: ToolBounds;
}

/** Runs agents. */
export interface AgentRunner {
  /**
   * Finds the agent and the thread, stores the input and opens the run's record. Rejects with `agent_not_found`, `agent_broken`,
   * `thread_not_found`, `conflict` (the thread is another agent's), `invalid_request`, `provider_not_configured`, `overloaded`,
   * `draining` or `database_unavailable`; nothing has been asked of a model then.
   */
  prepare(turn: RunTurn, origin: RunOrigin): Promise<PreparedRun>;
  /** A run of the tenant. Rejects with `not_found`. */
  get(tenantId: string, runId: string): Promise<Run>;
  /** Runs under way in this process. */
  readonly active: number;
  /** Takes no new runs, stops those under way, and resolves when their ends are written or after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

const DEFAULT_TOOL_BOUNDS: ToolBounds = { timeoutMs: 60_000, concurrency: 8, maxCalls: 64 };
const MAX_TIMEOUT_SECONDS = 3600;

class Runner implements AgentRunner {
  readonly #options: RunnerOptions;
  readonly #active = new Set<ActiveRun>();
  // Runs that are being prepared count too, or a burst of them would pass the bound at once.
  #preparing = 0;
  #closed = false;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  get active(): number {
    return this.#active.size;
  }

  async prepare(turn: RunTurn, origin: RunOrigin): Promise<PreparedRun> {
    this.#assertRoom();
    this.#preparing += 1;
    try {
      return await this.#prepare(turn, origin);
    } finally {
      this.#preparing -= 1;
    }
  }

  async get(tenantId: string, runId: string): Promise<Run> {
    const stored = isId("run", runId) ? await this.#options.runs.get(tenantId, runId) : undefined;
    if (stored === undefined) throw new SlipwayError("not_found", "There is no run of this id.");
    const run = await presentRun(this.#options.envelopes, tenantId, stored);
    if (run.status !== "running") return run;
    const agent = await this.#options.agents.find(tenantId, run.agent);
    return orAbandoned(run, agent?.limits.timeoutSeconds ?? MAX_TIMEOUT_SECONDS, Date.now());
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    const ends = [...this.#active].map((run) => {
      run.abort();
      return run.finished;
    });
    if (ends.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([Promise.all(ends), late]);
    clearTimeout(timer);
  }

  #assertRoom(): void {
    if (this.#closed) {
      throw new SlipwayError("draining", "The server is stopping and starts no runs.", { retryAfter: 1 });
    }
    if (this.#active.size + this.#preparing >= (this.#options.maxRuns ?? 1000)) {
      throw new SlipwayError("overloaded", "Too many agents run at once on this server.", { retryAfter: 1 });
    }
  }

  async #agent(tenantId: string, name: string): Promise<LoadedAgent> {
    const { agents } = this.#options;
    const agent = await agents.find(tenantId, name);
    if (agent !== undefined) return agent;
    if (!agents.has(tenantId, name)) {
      throw new SlipwayError("agent_not_found", `There is no agent "${name.slice(0, 100)}".`, {
        hint: "GET /api/v1/agents lists the agents.",
      });
    }
    throw new SlipwayError("agent_broken", `The agent "${name}" is broken and cannot answer.`, {
      hint: "GET /api/v1/agents says what is wrong.",
    });
  }

  #model(agent: LoadedAgent): string {
    const model = agent.model ?? this.#options.defaultModel;
    if (model !== undefined) return model;
    throw new SlipwayError(
      "provider_not_configured",
      `The agent "${agent.name}" names no model, and there is no default.`,
      {
        hint: "Set DEFAULT_MODEL, or `model` in the agent.",
      },
    );
  }

  async #prepare(turn: RunTurn, origin: RunOrigin): Promise<PreparedRun> {
    const { conversations, runs } = this.#options;
    const agent = await this.#agent(origin.tenantId, turn.agent);
    const model = this.#model(agent);
    const history = await this.#history(agent, turn, origin.tenantId);
    const threadId = turn.threadId ?? (await conversations.create(origin.tenantId, agent.name)).id;
    if (turn.messages.length > 0) await conversations.append(origin.tenantId, threadId, turn.messages);
    const begun = { id: newId("run"), agent: agent.name, agentVersion: agent.version, threadId };
    const record = await runs.create(origin.tenantId, begun);
    const instructions =
      turn.instructions === undefined ? agent.instructions : `${agent.instructions}\n\n${turn.instructions}`;
    const messages: Message[] = [
      { role: "system", content: [{ type: "text", text: instructions }] },
      ...history,
      ...turn.messages,
    ];
    return this.#prepared(agent, model, record, messages, turn, origin);
  }

  async #history(agent: LoadedAgent, turn: RunTurn, tenantId: string): Promise<readonly Message[]> {
    if (turn.messages.length === 0 && (turn.history ?? []).length === 0) {
      throw new SlipwayError("invalid_request", "There is no message to answer.", { param: "messages" });
    }
    if (turn.threadId === undefined) return turn.history ?? [];
    const { conversations } = this.#options;
    const thread = await conversations.get(tenantId, turn.threadId);
    if (thread.agent !== null && thread.agent !== agent.name) {
      throw new SlipwayError("conflict", `The thread belongs to the agent "${thread.agent}".`, {
        param: "threadId",
        hint: "Leave the thread id out to begin a new conversation.",
      });
    }
    const room = agent.limits.maxHistoryMessages - turn.messages.length;
    return room > 0 ? conversations.latest(tenantId, turn.threadId, room) : [];
  }

  #prepared(
    agent: LoadedAgent,
    model: string,
    record: StoredRun,
    messages: readonly Message[],
    turn: RunTurn,
    origin: RunOrigin,
  ): PreparedRun {
    const { conversations, models, runs, envelopes, log, onEnd } = this.#options;
    return {
      runId: record.id,
      threadId: record.threadId,
      start: (listener) => {
        const run = new ActiveRun({
          agent,
          model,
          models,
          record,
          origin,
          messages,
          settings: turn.settings ?? {},
          toolBounds: this.#options.toolBounds ?? DEFAULT_TOOL_BOUNDS,
          append: async (added) => {
            await conversations.append(origin.tenantId, record.threadId, added);
          },
          store: { runs, envelopes },
          listener,
          log,
          onEnd: (end) => {
            this.#active.delete(run);
            onEnd?.(end);
          },
        });
        this.#active.add(run);
        run.begin();
        // The server began to stop while this run was being prepared.
        if (this.#closed) run.abort();
        return run;
      },
    };
  }
}

/** What runs agents over these stores and models. */
export function createAgentRunner(options: RunnerOptions): AgentRunner {
  return new Runner(options);
}
