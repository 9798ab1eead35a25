import { setTimeout as sleep } from "node:timers/promises";
import { type AgentDefinition, defineTool, z } from "@slipway/contracts/agent.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { ModelRequest, Part } from "@slipway/contracts/model/request.ts";
import { NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import { createConversations } from "#memory/conversations.ts";
import { testEnvelopes, threadsInMemory } from "#memory/testing.ts";
import type { CallOrigin } from "#router/metered-call.ts";
import type { Runs, StoredRun } from "#store/runs.ts";
import { checkDefinition } from "./registry/check-definition.ts";
import type { LoadedAgent } from "./registry/loaded-agent.ts";
import type { RunEvent } from "./run/run-event.ts";
import { createAgentRunner, type RunnerOptions } from "./run/runner.ts";
import type { Models, RunOrigin, RunTurn } from "./run/run-types.ts";

/** Runs of tests, held in memory. */
function runsInMemory(): { runs: Runs; all: Map<string, StoredRun> } {
  const all = new Map<string, StoredRun>();
  const key = (tenantId: string, id: string) => `${tenantId}/${id}`;
  const begun = { status: "running", output: null, error: null, steps: 0, usage: NO_USAGE, finishedAt: null } as const;
  return {
    all,
    runs: {
      create: (tenantId, run) => {
        const stored: StoredRun = { ...run, ...begun, createdAt: new Date() };
        all.set(key(tenantId, run.id), stored);
        return Promise.resolve(stored);
      },
      finish: (tenantId, id, end) => {
        const stored = all.get(key(tenantId, id));
        if (stored?.status === "running") all.set(key(tenantId, id), { ...stored, ...end, finishedAt: new Date() });
        return Promise.resolve();
      },
      get: (tenantId, id) => Promise.resolve(all.get(key(tenantId, id))),
    },
  };
}

/** One answer of the scripted model: events, a failure, or "hang", which says what it has and then nothing more. */
export type Script = readonly (ModelEvent | SlipwayError | "hang")[];

/** Usage of every scripted answer. */
export const STEP_USAGE: Usage = { input: 10, cachedRead: 1, cacheWrite: 2, output: 5, reasoning: 3 };

/** An answer of text. */
export const say = (...texts: readonly string[]): Script => [
  { type: "start", id: "a", model: "m" },
  ...texts.map((text) => ({ type: "text" as const, text })),
  { type: "finish", reason: "stop", usage: STEP_USAGE },
];

/** An answer that calls tools, each as id, name and arguments. */
export const call = (...calls: readonly (readonly [id: string, name: string, input: unknown])[]): Script => [
  { type: "start" },
  ...calls.flatMap(([id, name, input], index): ModelEvent[] => [
    { type: "tool_call_start", index, id, name },
    { type: "tool_call_delta", index, arguments: typeof input === "string" ? input : JSON.stringify(input) },
  ]),
  { type: "finish", reason: "tool_calls", usage: STEP_USAGE },
];

/** A model that answers by script, one answer a call, an event a turn of the loop, held back while paused. */
export function scriptedModels(...scripts: readonly Script[]): Models & {
  readonly requests: ModelRequest[];
  readonly origins: CallOrigin[];
  readonly log: string[];
} {
  const requests: ModelRequest[] = [];
  const origins: CallOrigin[] = [];
  const log: string[] = [];
  return {
    requests,
    origins,
    log,
    stream(request, origin, sink) {
      const script = scripts[requests.length] ?? [new SlipwayError("internal", "The script is at its end.")];
      requests.push(request);
      origins.push(origin);
      let aborted = false;
      let paused = false;
      const play = (at: number) => {
        if (aborted) return;
        if (paused) {
          setTimeout(play, 2, at);
          return;
        }
        const next = script[at];
        if (next === "hang") return;
        if (next === undefined) sink.end();
        else if (next instanceof SlipwayError) sink.fail(next);
        else sink.event(next);
        if (next !== undefined && !(next instanceof SlipwayError)) setImmediate(play, at + 1);
      };
      setImmediate(play, 0);
      return {
        abort: () => {
          aborted = true;
          log.push("abort");
        },
        pause: () => {
          paused = true;
          log.push("pause");
        },
        resume: () => {
          paused = false;
          log.push("resume");
        },
      };
    },
  };
}

/** A definition that has passed the registry's checks. */
function loaded(definition: AgentDefinition): LoadedAgent {
  const checked = checkDefinition(definition, {
    folder: definition.name,
    file: `${definition.name}/agent.ts`,
    text: "",
  });
  if ("problem" in checked) throw new Error(checked.problem.what);
  return checked.agent;
}

/** A tool that answers `found <number>`. */
export const lookUp = defineTool({
  description: "Looks an order up.",
  input: z.object({ number: z.string().regex(/SO-[0-9]{4}/) }),
  run: ({ number }) => ({ found: number }),
});

export const ORIGIN: RunOrigin = {
  tenantId: "t1",
  keyId: "key_1",
  requestId: "req_1",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  deadline: Date.now() + 3_600_000,
};

/** A call of {@link lookUp} as a script has it. */
export const order = ["c1", "look_up", { number: "SO-1042" }] as const;

/** The text of a message. */
export const textOf = (content: readonly Part[]) =>
  content.map((part) => (part.type === "text" ? part.text : "")).join("");

/** Waits until a condition holds, at most 5 s. */
export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!holds()) {
    if (performance.now() > end) throw new Error("timed out");
    await sleep(1);
  }
}

/** A turn of the agent `desk` with one user message. */
export const ask = (text: string, more: Partial<RunTurn> = {}): RunTurn => ({
  agent: "desk",
  messages: [{ role: "user", content: [{ type: "text", text }] }],
  ...more,
});

/** A runner of one agent, `desk`, over stores in memory. */
export function setUpRunner(
  models: Models,
  agent: Partial<AgentDefinition> = {},
  options: Partial<RunnerOptions> = {},
) {
  const desk = loaded({ name: "desk", description: "A desk.", instructions: "Be of use.", ...agent });
  const store = threadsInMemory();
  const envelopes = testEnvelopes();
  const conversations = createConversations({ store, envelopes });
  const records = runsInMemory();
  const logged: string[] = [];
  const runner = createAgentRunner({
    agents: { find: (_, name) => (name === "desk" ? desk : undefined), has: () => false },
    conversations,
    runs: records.runs,
    envelopes,
    models,
    defaultModel: "default-model",
    log: { warn: (_, message) => logged.push(message), error: (_, message) => logged.push(message) },
    ...options,
  });
  const events: RunEvent[] = [];
  /** Runs a turn to its end. */
  const run = async (turn: RunTurn, origin: RunOrigin = ORIGIN) => {
    const prepared = await runner.prepare(turn, origin);
    return prepared.start({ event: (event) => events.push(event) }).finished;
  };
  return { runner, conversations, store, envelopes, records, events, logged, run };
}
