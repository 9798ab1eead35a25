import { SlipwayError } from "@slipway/contracts/errors.ts";
import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import { recorded } from "#audit/audit.ts";
import { actorOf } from "#identity/principal.ts";
import type { CountDialect } from "#router/dialects/count-dialect.ts";
import type { Router } from "#router/router.ts";
import { createEndpoint, idsOfModelPath, type EndpointCall, type EndpointServices } from "./model-endpoint.ts";
import type { Handler } from "./server.ts";

/** What the counting of tokens needs from the rooms. */
export interface CountServices extends EndpointServices {
  readonly router: Router;
  readonly requestTimeoutMs: number;
}

/** Serves one way of asking how many tokens a prompt has. An estimate says so: `x-slipway-token-count: estimated`. */
export function serveCount(services: CountServices, route: string, dialect: CountDialect): Handler {
  const { keyParameter, requestIdHeader } = dialect;
  return createEndpoint(
    services,
    { route, requires: "models:invoke", ids: idsOfModelPath(route), keyParameter, requestIdHeader },
    (call) => serve(services, dialect, call),
  );
}

async function serve(services: CountServices, dialect: CountDialect, call: EndpointCall): Promise<void> {
  const { router, requestTimeoutMs } = services;
  const { req, res, context } = call.exchange;
  const request = dialect.decode(call.body, req);
  context.model = request.model;
  if (request.model.startsWith("agent/")) {
    throw new SlipwayError("model_not_found", "What an agent will say to its model is not known before it runs.", {
      param: "model",
      hint: "Count the tokens of a model's prompt.",
    });
  }
  const left = new AbortController();
  res.once("close", () => left.abort());
  if (res.destroyed) left.abort();
  const { requestId, traceparent } = context;
  const { tenantId } = call.principal;
  const asked = { tenantId, requestId, traceparent, deadline: Date.now() + requestTimeoutMs };
  const found = await router.countTokens(router.resolve(request.model, tenantId), request, asked, left.signal);
  const { target } = found;
  const { tokens, estimated } = found.answer;
  call.lease.settle(NO_USAGE);
  context.audited = true;
  await recorded(services.audit, {
    tenantId,
    actor: actorOf(call.principal),
    action: "model.count_tokens",
    target: request.model,
    outcome: "ok",
    code: null,
    requestId,
    route: context.route,
    clientIp: context.clientIp,
    content: { request: call.body },
  });
  const body = JSON.stringify(dialect.encode(tokens));
  res.setHeader("x-slipway-provider", target.provider.name);
  if (target.provider.mock) res.setHeader("x-slipway-mock", "true");
  if (estimated) res.setHeader("x-slipway-token-count", "estimated");
  res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  res.end(body);
}
