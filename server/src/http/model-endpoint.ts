import { NO_USAGE } from "@slipway/contracts/model/usage.ts";
import type { RecordAudit } from "#audit/audit.ts";
import type { Authenticate } from "#identity/authenticate.ts";
import { assertPermitted } from "#identity/permissions.ts";
import type { Principal } from "#identity/principal.ts";
import type { Lease } from "#limits/limiter.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Exchange } from "./context.ts";
import { type Admit, stillThere } from "./edge/admission.ts";
import { refusal } from "./edge/audit-trail.ts";
import { parseJson, readBody } from "./edge/body.ts";
import { noteError, sendError } from "./edge/errors.ts";
import type { Idempotency } from "./edge/idempotency/idempotency.ts";
import { queryKey } from "./edge/query-key.ts";
import { assertOwnPage } from "./edge/same-origin.ts";
import { parametersOfPath, permissionsFor, type RouteDeclaration, type RouteTable } from "./route-table.ts";
import type { Handler } from "./server.ts";

/** What every path that models are asked on needs from the rooms. */
export interface EndpointServices {
  readonly authenticate: Authenticate;
  readonly admit: Admit;
  readonly idempotency: Pick<Idempotency, "guard">;
  readonly audit: RecordAudit;
  readonly log: Logger;
  readonly maxBodyBytes: number;
  /** Takes the paths up. */
  readonly table: RouteTable;
}

/** Which path it is, and what its clients send and expect beside the body. */
export interface Endpoint extends RouteDeclaration {
  /** The path's pattern, for logs and metrics. */
  readonly route: string;
  /** See `ErrorShape.requestIdHeader`; answers that are no errors carry it too. */
  readonly requestIdHeader?: string | undefined;
}

/** An admitted caller with its parsed body. */
export interface EndpointCall {
  readonly exchange: Exchange;
  readonly principal: Principal;
  /** Settled by whoever serves the call; a rejection settles it too. */
  readonly lease: Lease;
  readonly body: unknown;
}

/** What the parameters of such a path name: a model, where the path and not the body says which. */
export function idsOfModelPath(route: string): Readonly<Record<string, string>> {
  return Object.fromEntries(parametersOfPath(route).map((parameter) => [parameter, "model"]));
}

/** A handler that asks who is calling, admits, reads the body and then serves; whatever is thrown is told in the path's own shape. */
export function createEndpoint(
  services: EndpointServices,
  endpoint: Endpoint,
  serve: (call: EndpointCall) => Promise<void> | void,
): Handler {
  const { authenticate, admit, log, maxBodyBytes } = services;
  const { route, keyParameter, requestIdHeader } = endpoint;
  const wanted = permissionsFor(endpoint.requires);
  services.table.declare({ ...endpoint, method: "post", path: route });

  function identify({ req, res, context }: Exchange): Principal {
    context.route = route;
    const principal = authenticate(req.headers, queryKey(req.url, keyParameter));
    context.principal = principal;
    if (principal.via === "session") assertOwnPage(req);
    assertPermitted(principal, wanted);
    if (requestIdHeader !== undefined) res.setHeader(requestIdHeader, context.requestId);
    return principal;
  }

  async function refuse(exchange: Exchange, thrown: unknown, lease: Lease | undefined): Promise<void> {
    const { res, context } = exchange;
    try {
      sendError(res, await refusal(services.audit, exchange, noteError(thrown, context, log)), context);
    } finally {
      lease?.settle(NO_USAGE);
      context.reservation?.settle();
    }
  }

  // Nearly always all of it is there at once, and promises that nobody needs cost what a fiftieth of the rest does.
  const handler: Handler = (exchange) => {
    let lease: Lease | undefined;
    try {
      const principal = identify(exchange);
      const admitted = admit(principal);
      if (admitted instanceof Promise) return late(exchange, principal, stillThere(exchange.res, admitted));
      lease = admitted;
      const text = exchange.context.body ?? readBody(exchange.req, maxBodyBytes);
      if (typeof text !== "string") return late(exchange, principal, lease, text);
      const serving = serve({ exchange, principal, lease, body: parseJson(text) });
      return serving?.catch((thrown: unknown) => refuse(exchange, thrown, admitted));
    } catch (thrown) {
      return refuse(exchange, thrown, lease);
    }
  };

  /** The same where the lease, the body or both are still to come. */
  async function late(
    exchange: Exchange,
    principal: Principal,
    admitted: Lease | Promise<Lease>,
    coming?: Promise<string>,
  ): Promise<void> {
    let lease: Lease | undefined;
    try {
      lease = await admitted;
      const text = await (coming ?? exchange.context.body ?? readBody(exchange.req, maxBodyBytes));
      await serve({ exchange, principal, lease, body: parseJson(text) });
    } catch (thrown) {
      await refuse(exchange, thrown, lease);
    }
  }

  return services.idempotency.guard(handler, () => endpoint);
}
