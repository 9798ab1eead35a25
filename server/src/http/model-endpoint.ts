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
  const handler: Handler = async (exchange) => {
    const { req, res, context } = exchange;
    context.route = route;
    let lease: Lease | undefined;
    let served = false;
    try {
      const principal = authenticate(req.headers, queryKey(req.url, keyParameter));
      context.principal = principal;
      if (principal.via === "session") assertOwnPage(req);
      assertPermitted(principal, wanted);
      if (requestIdHeader !== undefined) res.setHeader(requestIdHeader, context.requestId);
      const admitted = admit(principal);
      // Nearly always all of this is there at once, and a promise that nobody needs costs what a tenth of the rest does.
      lease = admitted instanceof Promise ? await stillThere(res, admitted) : admitted;
      const text = context.body ?? readBody(req, maxBodyBytes);
      const body = parseJson(typeof text === "string" ? text : await text);
      const serving = serve({ exchange, principal, lease, body });
      if (serving) await serving;
      served = true;
    } catch (thrown) {
      sendError(res, await refusal(services.audit, exchange, noteError(thrown, context, log)), context);
    } finally {
      if (!served) {
        lease?.settle(NO_USAGE);
        context.reservation?.settle();
      }
    }
  };
  return services.idempotency.guard(handler, () => endpoint);
}
