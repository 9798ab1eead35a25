import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { CallOrigin } from "../booking.ts";
import type { Choice, Route, RouteTarget } from "../routes/route.ts";
import { nobodyError, outOfTimeError, verdictOf } from "./failure.ts";
import { Recovery } from "./recovery.ts";
import type { AttemptServices } from "./routed-call.ts";
import { settleFailed, settleOk, settleUntold } from "./settle.ts";

/** What was answered, and by whom. */
export interface Asked<Answer> {
  readonly target: RouteTarget;
  readonly answer: Answer;
}

/** One question that is answered in one piece: vectors, a count of tokens. */
export interface Question<Answer> {
  /** See {@link sameModel}. */
  readonly route: Route;
  readonly origin: Pick<CallOrigin, "tenantId" | "deadline">;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** One attempt. Its failures are put as {@link SlipwayError} by `errorOf`. */
  ask(target: RouteTarget): Promise<Answer>;
  errorOf(thrown: unknown): SlipwayError;
  /** False: there is no money for one more attempt beside those that were made. */
  affordable(): boolean;
  /** False: how this goes says nothing of how the target answers prompts, and its breaker does not hear of it. */
  readonly telling: boolean;
}

const ofRoutes = new WeakMap<Route, Route>();

/**
 * The route with those of its targets and fallbacks alone that ask for the same model as its first one, and in that order: vectors
 * of two models do not mix, and their tokens differ, but one model may be had from several providers.
 */
export function sameModel(route: Route): Route {
  let same = ofRoutes.get(route);
  if (!same) {
    const first = route.only ?? route.pools[0]?.targets[0];
    if (!first) throw new TypeError(`The route ${route.name} has no target.`);
    const pools = route.pools
      .map(({ strategy, targets }) => ({ strategy, targets: targets.filter(({ model }) => model === first.model) }))
      .filter(({ targets }) => targets.length > 0);
    const [only, ...more] = pools.flatMap(({ targets }) => targets);
    same = { ...route, pools, only: more.length === 0 ? only : undefined };
    ofRoutes.set(route, same);
  }
  return same;
}

/** What strategies that look at a prompt are shown where there is none. */
function promptless(model: string): ModelRequest {
  return { model, messages: [], tools: [], stream: false };
}

/**
 * Asks the targets of a route as its policy says, one attempt after another under one deadline, until one answers: the same
 * breakers, cool-downs, retry budgets and pauses as of streamed calls. Rejects with what the last attempt was rejected with that failed
 * and not only could not do it, or with `provider_unavailable`, `provider_rate_limited` or `provider_timeout` when no target could be asked.
 */
export async function askTargets<Answer>(
  services: AttemptServices,
  question: Question<Answer>,
): Promise<Asked<Answer>> {
  const { route, origin, signal } = question;
  const recovery = new Recovery(route, 0);
  const request = promptless(route.name);
  let rejection: Error | undefined;
  for (;;) {
    const now = services.now();
    const choice: Choice = { request, tenantId: origin.tenantId, now, random: services.random };
    const msLeft = origin.deadline - Date.now();
    if (msLeft <= 0) throw rejection ?? outOfTimeError();
    const next = recovery.next(choice, msLeft, ({ provider }) =>
      services.meter.metrics.retriesDenied.inc({ provider: provider.name }),
    );
    if (next === undefined)
      throw rejection ?? nobodyError({ route: route.name, ...recovery.outlook(now), last: undefined });
    if (typeof next === "number") {
      await pause(next, signal);
      continue;
    }
    if (rejection !== undefined && !question.affordable()) throw rejection;
    const { target, bit } = next;
    try {
      return { target, answer: await (question.telling ? attempt(services, question, target) : question.ask(target)) };
    } catch (thrown) {
      const error = question.errorOf(thrown);
      const verdict = verdictOf(error);
      if (signal.aborted || !(verdict.again || verdict.elsewhere)) throw thrown;
      recovery.note(bit, error, verdict);
      if (recovery.error === error) rejection = thrown instanceof Error ? thrown : error;
    }
  }
}

async function attempt<Answer>(
  services: AttemptServices,
  question: Question<Answer>,
  target: RouteTarget,
): Promise<Answer> {
  const { state } = target;
  state.inFlight += 1;
  const probe = state.breaker.begin(services.now());
  try {
    const answer = await question.ask(target);
    const now = services.now();
    if (probe) state.breaker.probePassed(now);
    settleOk(target, now);
    return answer;
  } catch (thrown) {
    const error = question.errorOf(thrown);
    if (question.signal.aborted) settleUntold(target, probe, "aborted");
    else settleFailed(target, probe, verdictOf(error), error, services.now());
    throw thrown;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw new SlipwayError("client_closed_request", "The client left before its request was answered.");
  }
}
