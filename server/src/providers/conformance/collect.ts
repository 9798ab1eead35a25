import assert from "node:assert/strict";
import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import { foldEvents, type ModelAnswer } from "@slipway/contracts/model/fold.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Provider } from "../provider.ts";

/** How a call went, after its last word. */
export interface Outcome {
  readonly events: readonly ModelEvent[];
  readonly error: SlipwayError | undefined;
}

/** Options of {@link ask}. */
export interface AskOptions {
  readonly deadlineMs?: number;
  /** Sees each event as it comes. */
  readonly onEvent?: (event: ModelEvent, call: ModelCall) => void;
}

/**
 * Calls a provider with a sink that holds it to its contract: nothing before `call` returns, the start first, nothing after the
 * finish, one end or failure and nothing after that, and an end after a finish only.
 */
export async function ask(provider: Provider, request: ModelRequest, options: AskOptions = {}): Promise<Outcome> {
  const events: ModelEvent[] = [];
  const violations: string[] = [];
  let call: ModelCall | undefined;
  let over = false;
  const outcome = await new Promise<Outcome>((resolve) => {
    const word = (what: string): void => {
      if (!call) violations.push(`${what} before call() returned`);
      if (over) violations.push(`${what} after the last word`);
    };
    const sink: ModelEventSink = {
      event(event) {
        word(event.type);
        if (events.length === 0 && event.type !== "start") violations.push(`${event.type} before start`);
        if (events.length > 0 && event.type === "start") violations.push("a second start");
        if (events.at(-1)?.type === "finish") violations.push(`${event.type} after finish`);
        events.push(event);
        if (call) options.onEvent?.(event, call);
      },
      end() {
        word("end");
        if (events.at(-1)?.type !== "finish") violations.push("end without finish");
        over = true;
        resolve({ events, error: undefined });
      },
      fail(error) {
        word("fail");
        over = true;
        resolve({ events, error });
      },
    };
    const context = { requestId: "req_1", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    call = provider.call(request, { ...context, deadline: Date.now() + (options.deadlineMs ?? 10_000) }, sink);
  });
  // What comes late would come with the next turns of the loop.
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(violations, []);
  return outcome;
}

/** The answer of a call that must go well. */
export async function answerOf(provider: Provider, request: ModelRequest): Promise<ModelAnswer> {
  const { events, error } = await ask(provider, request);
  if (error) throw error;
  return foldEvents(events);
}

/** The error of a call that must fail. */
export async function errorOf(
  provider: Provider,
  request: ModelRequest,
  options: AskOptions = {},
): Promise<SlipwayError> {
  const { error } = await ask(provider, request, options);
  assert.ok(error, "the call should have failed");
  return error;
}
