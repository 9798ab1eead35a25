import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelCall, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { agentAsModel, agentOfModel } from "#agents/run/as-model.ts";
import type { AgentRunner } from "#agents/run/runner.ts";
import { assertPermitted, permissionSet } from "#identity/permissions.ts";
import type { Principal } from "#identity/principal.ts";
import type { Demand, Reservation } from "#limits/declared/reservation.ts";
import type { AnswerHeaders } from "#router/attempts/routed-call.ts";
import type { CallOrigin, Spend } from "#router/booking.ts";
import type { AnswerCache } from "#router/cache/answer-cache.ts";
import type { Departure } from "#router/cache/flights.ts";
import type { CachePolicy } from "#router/cache/policy.ts";
import type { DecodedRequest } from "#router/dialects/dialect.ts";
import type { Router } from "#router/router.ts";
import type { Route } from "#router/routes/route.ts";
import type { Exchange } from "./context.ts";
import { readCachePolicy } from "./edge/cache-request.ts";
import type { Govern } from "./edge/govern.ts";

/** A source of answers that has been chosen but not asked yet. */
export interface OpenedModel {
  /** Headers that tell the client who answers. */
  readonly headers: Readonly<Record<string, string>>;
  /** The version of the routes that the name was resolved by. */
  readonly routes?: string | undefined;
  /** The answer was paid for before: whatever usage it tells, this request used nothing. */
  readonly free?: true;
  /** `reply` is told by its headers who answers, where that is not known before. */
  start(sink: ModelEventSink, reply?: AnswerHeaders): ModelCall;
}

/** Whose request it is and when it must be over. */
export interface RequestOrigin {
  readonly principal: Principal;
  readonly requestId: string;
  readonly traceparent: string;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** The request's headers, which may ask for the cache. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The client's connection. */
  readonly client: Departure;
  readonly exchange: Exchange;
  readonly spend: Spend;
}

/** Finds who answers a model name: an agent for `agent/<name>`, else a provider. Throws or rejects with the error to tell the client. */
export type OpenModel = (decoded: DecodedRequest, origin: RequestOrigin) => Promise<OpenedModel> | OpenedModel;

const TO_RUN_AGENTS = permissionSet(["agents:run"]);

// Made once for each route.
const ofRoutes = new WeakMap<Route, Readonly<Record<string, string>>>();

function headersOf(route: Route): Readonly<Record<string, string>> {
  let headers = ofRoutes.get(route);
  if (!headers) {
    const { only, version } = route;
    headers = {
      ...(only ? { "x-slipway-provider": only.provider.name, ...mockHeaders(only.provider.mock) } : {}),
      ...(version === null ? {} : { "x-slipway-routes": version }),
    };
    ofRoutes.set(route, headers);
  }
  return headers;
}

// The mock says that it answers, so that nobody takes its words for a model's.
function mockHeaders(mock: boolean): Readonly<Record<string, string>> {
  return mock ? { "x-slipway-mock": "true" } : {};
}

function calledBy(origin: RequestOrigin, route: string): CallOrigin {
  const { requestId, traceparent, deadline, spend } = origin;
  const { tenantId, keyId, userId } = origin.principal;
  const charge = origin.exchange.context.reservation;
  return { tenantId, keyId, userId, requestId, traceparent, deadline, agent: null, route, charge, spend };
}

function noThreads(): SlipwayError {
  return new SlipwayError(
    "unsupported_field",
    "`metadata.thread_id` continues a conversation with an agent; a model keeps none.",
    { param: "metadata.thread_id", hint: 'Send `model: "agent/<name>"`, or leave the field out.' },
  );
}

/** Opens agents and models. Without a runner, this server has no agents. */
export function createOpenModel(options: {
  readonly router: Router;
  readonly runner: AgentRunner | undefined;
  /** True when every model is the mock. */
  readonly mock: boolean;
  /** Absent: no answers are kept. */
  readonly answers: AnswerCache | undefined;
  readonly govern: Govern;
}): OpenModel {
  const { router, runner, mock, answers, govern } = options;
  const openAgent = async (agent: string, decoded: DecodedRequest, origin: RequestOrigin): Promise<OpenedModel> => {
    if (!runner) {
      throw new SlipwayError("agent_not_found", "This server runs no agents.", {
        hint: "Add `agents` to SLIPWAY_ROLES.",
      });
    }
    const { request, threadId } = decoded;
    const { principal, requestId, traceparent, deadline, spend } = origin;
    assertPermitted(principal, TO_RUN_AGENTS);
    const { tenantId, keyId, userId } = principal;
    await govern.run(origin.exchange, agent);
    const answer = await agentAsModel(
      runner,
      { agent, request, threadId },
      { tenantId, keyId, userId, requestId, traceparent, deadline, spend },
    );
    return {
      headers: { "x-slipway-thread-id": answer.threadId, "x-slipway-run-id": answer.runId, ...mockHeaders(mock) },
      start: (sink) => answer.start(sink),
    };
  };
  const openRoute = (
    route: Route,
    request: ModelRequest,
    origin: RequestOrigin,
    cached: CachedBy | undefined,
  ): OpenedModel | Promise<OpenedModel> => {
    const { only, name } = route;
    const called = calledBy(origin, name);
    const opened: OpenedModel = {
      headers: headersOf(route),
      routes: route.version ?? undefined,
      start: (sink, reply) => router.call(route, request, called, sink, only ? undefined : reply),
    };
    if (!answers || !cached) return opened;
    const policy = affordable(cached, origin.exchange.context.reservation);
    return openCached(answers, opened, { policy, route, request, callOrigin: called, client: origin.client });
  };
  return (decoded, origin) => {
    const { request, threadId } = decoded;
    const agent = agentOfModel(request.model);
    if (agent !== undefined) return openAgent(agent, decoded, origin);
    if (threadId !== undefined) throw noThreads();
    const route = router.resolve(request.model, origin.principal.tenantId);
    const { headers } = origin;
    const cached =
      answers && (headers["x-slipway-cache"] !== undefined || route.cache)
        ? cachedBy(answers, route, request, origin)
        : undefined;
    const governed = govern.call(origin.exchange, route, request, cached?.vector);
    if (governed instanceof Promise) return governed.then((asked) => openRoute(route, asked, origin, cached));
    return openRoute(route, governed ?? request, origin, cached);
  };
}

/** What one request may do with the cache. */
interface CachedBy {
  readonly policy: CachePolicy;
  /** What the vector of its question takes at most, where it needs one. */
  readonly vector: Demand | undefined;
}

function cachedBy(
  answers: AnswerCache,
  route: Route,
  request: ModelRequest,
  { headers, principal }: RequestOrigin,
): CachedBy | undefined {
  const { semantic } = answers;
  const policy = readCachePolicy(headers, route.cache, semantic?.threshold);
  if (!policy) return undefined;
  return { policy, vector: policy.similarity && semantic ? semantic.demand(request, principal.tenantId) : undefined };
}

/** A budget pays for no vector whose price nobody knows: then only an equal question's answer is given. */
function affordable({ policy, vector }: CachedBy, reservation: Reservation | undefined): CachePolicy {
  if (policy.similarity === undefined || vector?.worst !== null || !reservation?.money.length) return policy;
  const { similarity: _, ...exact } = policy;
  return exact;
}

/** The model as it was opened, behind the cache. */
async function openCached(
  answers: AnswerCache,
  opened: OpenedModel,
  asked: {
    readonly policy: CachePolicy;
    readonly route: Route;
    readonly request: ModelRequest;
    readonly callOrigin: CallOrigin;
    readonly client: Departure;
  },
): Promise<OpenedModel> {
  const { policy, route, request, client } = asked;
  let reply: AnswerHeaders | undefined;
  const answer = await answers.open({
    policy,
    origin: asked.callOrigin,
    target: route.asked,
    routesVersion: route.version,
    request,
    client,
    call: (sink) => opened.start(sink, reply),
  });
  const { headers, routes } = opened;
  const start = (sink: ModelEventSink, toName?: AnswerHeaders): ModelCall => {
    reply = toName;
    return answer.start(sink);
  };
  if (!answer.hit) return { headers: { ...headers, "x-slipway-cache": "miss" }, routes, start };
  const age = String(answer.ageSeconds);
  const { similarity } = answer;
  const how =
    similarity === undefined
      ? { "x-slipway-cache": "hit" }
      : { "x-slipway-cache": "semantic-hit", "x-slipway-cache-similarity": similarity.toFixed(4) };
  return { headers: { ...headers, ...how, age }, routes, free: true, start };
}
