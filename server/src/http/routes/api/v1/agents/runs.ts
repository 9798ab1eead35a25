import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { createRunSchema, type Run } from "@slipway/contracts/api/agents.ts";
import { toSlipwayError } from "@slipway/contracts/errors.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import type { RunEvent } from "#agents/run/run-event.ts";
import type { AgentRunner } from "#agents/run/runner.ts";
import type { PreparedRun } from "#agents/run/run-types.ts";
import { UI_MESSAGE_STREAM_HEADERS, UiMessageStream } from "#agents/run/ui-message-stream.ts";
import type { Principal } from "#identity/principal.ts";
import type { Lease } from "#limits/limiter.ts";
import {
  type App,
  type AppContext,
  type AppServices,
  auditOf,
  jsonBody,
  pathParam,
  principalOf,
  untilRecorded,
} from "../../../../app.ts";
import { type Admit, stillThere } from "../../../../edge/admission.ts";
import type { Govern } from "../../../../edge/govern.ts";
import { EventStream } from "../../../../edge/event-stream.ts";
import type { KeepAlive } from "../../../../edge/keep-alive.ts";

/** Runs the prepared run to its end and sends each event to the client as it comes. */
async function streamRun(c: AppContext, prepared: PreparedRun, keepAlive: KeepAlive | undefined): Promise<Run> {
  const res = c.env.outgoing;
  const stream = new EventStream(res, UI_MESSAGE_STREAM_HEADERS);
  if (keepAlive) stream.keepAlive(keepAlive);
  const writer = new UiMessageStream(prepared);
  stream.write(writer.begin());
  // The end of a stream waits for the run's record as a whole answer does, and is withheld without it.
  const end = (event: RunEvent): Promise<void> =>
    untilRecorded(c).then(
      () => stream.end(writer.event(event)),
      (thrown: unknown) => {
        const { code, message } = toSlipwayError(thrown);
        c.env.context.code = code;
        stream.end(writer.fail(message));
      },
    );
  const run = prepared.start({
    event(event: RunEvent) {
      // Before the end: what is kept of the answer goes by it.
      if (event.type === "failed") c.env.context.code = event.error.code;
      if (event.type === "done" || event.type === "failed") void end(event);
      else stream.write(writer.event(event));
    },
  });
  stream.attach(run);
  return untilEnded(c, run);
}

// A client that leaves ends its run; the run still ends in order, with its record and its usage.
function untilEnded(c: AppContext, run: { abort(): void; readonly finished: Promise<Run> }): Promise<Run> {
  const res = c.env.outgoing;
  res.once("close", () => run.abort());
  if (res.destroyed) run.abort();
  return run.finished;
}

/** `/api/v1/agents/<name>/runs` and `/api/v1/runs/<id>`: runs of agents, answered whole or as a stream of events. */
export function registerRuns(
  app: App,
  services: AppServices,
  options: {
    readonly runner: AgentRunner;
    readonly admit: Admit;
    readonly govern: Govern;
    readonly requestTimeoutMs: number;
    readonly mock: boolean;
    readonly keepAlive: KeepAlive | undefined;
  },
): void {
  const { runner, admit, govern } = options;
  const begin = async (c: AppContext, principal: Principal, lease: Lease): Promise<Response> => {
    const agent = pathParam(c, "name");
    const { input, threadId, stream } = await jsonBody(c, createRunSchema);
    const { requestId, traceparent } = c.env.context;
    await govern.run({ req: c.env.incoming, res: c.env.outgoing, context: c.env.context }, agent);
    const turn = {
      agent,
      messages: [{ role: "user" as const, content: [{ type: "text" as const, text: input }] }],
      ...(threadId === undefined ? {} : { threadId }),
    };
    const prepared = await runner.prepare(turn, {
      tenantId: principal.tenantId,
      keyId: principal.keyId,
      userId: principal.userId,
      requestId,
      traceparent,
      deadline: Date.now() + options.requestTimeoutMs,
    });
    if (options.mock) c.env.outgoing.setHeader("x-slipway-mock", "true");
    auditOf(c, services, principal, "agent.run", `${agent}/${prepared.runId}`);
    c.env.context.model = `agent/${agent}`;
    if (stream) {
      lease.settle((await streamRun(c, prepared, options.keepAlive)).usage);
      return RESPONSE_ALREADY_SENT;
    }
    const run = await untilEnded(c, prepared.start({ event: () => {} }));
    lease.settle(run.usage);
    if (run.error) c.env.context.code = run.error.code;
    return c.json(run, 201);
  };
  const toRun = { requires: "agents:run", ids: { name: "agent" }, body: createRunSchema } as const;
  app.post("/api/v1/agents/:name/runs", toRun, async (c) => {
    const principal = principalOf(c);
    const lease = await stillThere(c.env.outgoing, admit(principal));
    try {
      return await begin(c, principal, lease);
    } finally {
      lease.settle(NO_USAGE);
      c.env.context.reservation?.settle();
    }
  });
  app.get("/api/v1/runs/:id", { requires: "runs:read", ids: { id: "run" } }, async (c) => {
    const { tenantId } = principalOf(c);
    return c.json(await runner.get(tenantId, pathParam(c, "id")));
  });
}
