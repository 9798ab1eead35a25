import { type SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import { type RecordAudit, recorded } from "#audit/audit.ts";
import { actorOf } from "#identity/principal.ts";
import type { Exchange } from "../context.ts";

/** How a request that has this code ended, as the audit log says it. */
function outcomeOf(error: SlipwayError | undefined): "ok" | "denied" | "error" | "aborted" {
  if (!error) return "ok";
  if (error.code === "client_closed_request") return "aborted";
  return [401, 403, 404, 429].includes(error.status) ? "denied" : "error";
}

/**
 * Records how a verified caller's request was decided, unless what it did is recorded already: whoever adds a route need not think
 * of it. Resolves when the answer may be sent; rejects with `audit_unavailable`. Callers that nobody could verify belong to no tenant:
 * that they were turned away is recorded in the operator's log.
 */
export async function leaveTrail(
  audit: RecordAudit,
  { req, context }: Pick<Exchange, "req" | "context">,
  error: SlipwayError | undefined,
): Promise<void> {
  const { principal } = context;
  if (context.audited || error?.code === "audit_unavailable" || (!principal && error?.status !== 401)) return;
  context.audited = true;
  await recorded(audit, {
    tenantId: principal?.tenantId ?? null,
    actor: principal ? actorOf(principal) : "stranger",
    action: principal ? "http.request" : "caller.verify",
    target: `${req.method ?? ""} ${context.path}`,
    outcome: outcomeOf(error),
    code: error?.code ?? null,
    requestId: context.requestId,
    route: context.route,
    clientIp: context.clientIp,
  });
}

/** The error that the client is told: the one that was thrown, once it is recorded. */
export async function refusal(
  audit: RecordAudit,
  exchange: Pick<Exchange, "req" | "context">,
  error: SlipwayError,
): Promise<SlipwayError> {
  try {
    await leaveTrail(audit, exchange, error);
    return error;
  } catch (thrown) {
    return toSlipwayError(thrown);
  }
}
