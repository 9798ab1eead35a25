import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type RecordAudit, recorded } from "#audit/audit.ts";
import { actorOf } from "#identity/principal.ts";
import type { Spend } from "#router/booking.ts";
import type { EmbeddingDialect } from "#router/dialects/embedding-dialect.ts";
import { EmbeddingFailure } from "#router/embedding-call.ts";
import type { Govern } from "./edge/govern.ts";
import type { Router } from "#router/router.ts";
import { createEndpoint, idsOfModelPath, type EndpointCall, type EndpointServices } from "./model-endpoint.ts";
import type { Handler } from "./server.ts";

/** What the serving of vectors needs from the rooms. */
export interface EmbeddingServices extends EndpointServices {
  readonly router: Router;
  readonly govern: Govern;
  readonly audit: RecordAudit;
  readonly requestTimeoutMs: number;
}

/** Serves one way of asking for vectors: identity, admission, body, dialect, model, answer, books. */
export function serveEmbeddings(services: EmbeddingServices, route: string, dialect: EmbeddingDialect): Handler {
  const { keyParameter } = dialect;
  return createEndpoint(
    services,
    { route, requires: "models:invoke", ids: idsOfModelPath(route), keyParameter },
    (call) => serve(services, dialect, call),
  );
}

async function serve(services: EmbeddingServices, dialect: EmbeddingDialect, call: EndpointCall): Promise<void> {
  const { router, requestTimeoutMs } = services;
  const { principal, lease } = call;
  const { req, res, context } = call.exchange;
  const request = dialect.decode(call.body, req);
  context.model = request.model;
  const spend: Spend = { pico: 0 };
  const record = (outcome: "ok" | "error" | "aborted", code: string | null): Promise<void> => {
    context.audited = true;
    return recorded(services.audit, {
      tenantId: principal.tenantId,
      actor: actorOf(principal),
      action: "model.embed",
      target: request.model,
      outcome,
      code,
      requestId: context.requestId,
      route: context.route,
      cost: spend.pico,
      clientIp: context.clientIp,
      content: { request: call.body },
    });
  };
  const left = new AbortController();
  res.once("close", () => left.abort());
  if (res.destroyed) left.abort();
  const { tenantId, keyId, userId } = principal;
  const { requestId, traceparent } = context;
  const deadline = Date.now() + requestTimeoutMs;
  try {
    if (request.model.startsWith("agent/"))
      throw new SlipwayError("model_not_found", "An agent makes no vectors.", { param: "model" });
    const route = router.resolve(request.model, tenantId);
    await services.govern.embed(call.exchange, route, request);
    const charge = context.reservation;
    const origin = {
      tenantId,
      keyId,
      userId,
      requestId,
      traceparent,
      deadline,
      agent: null,
      route: route.name,
      charge,
      spend,
    };
    const { target, answer, used } = await router.embed(route, request, origin, left.signal);
    // Before the client sees the end, so that its next request finds its place free.
    lease.settle(used);
    context.reservation?.settle();
    await record("ok", null);
    const body = JSON.stringify(dialect.encode(answer, request));
    res.setHeader("x-slipway-provider", target.provider.name);
    if (target.provider.mock) res.setHeader("x-slipway-mock", "true");
    res.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
    res.end(body);
  } catch (thrown) {
    const failed = thrown instanceof EmbeddingFailure ? thrown : undefined;
    if (failed) lease.settle(failed.usage);
    const error = failed?.error ?? thrown;
    const code = error instanceof SlipwayError ? error.code : "internal";
    if (!context.audited) await record(code === "client_closed_request" ? "aborted" : "error", code);
    throw error;
  }
}
