import type { ApiLimit, ApiLimitList } from "@slipway/contracts/api/limits.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { limitNameSchema, type LimitSpec, limitSpecSchema, putLimitSchema } from "@slipway/contracts/spec/limit.ts";
import type { ChangeFeed } from "#store/change-feed.ts";
import type { Limits, StoredLimit } from "#store/limits.ts";
import { type App, type AppServices, auditOf, checked, jsonBody, pathParam, principalOf } from "../../../app.ts";

/** Limits that a tenant may have. */
const MOST_LIMITS = 100;

function notFound(name: string): SlipwayError {
  return new SlipwayError("limit_not_found", `There is no limit \`${name.slice(0, 100)}\` of your own.`, {
    hint: "GET /api/v1/limits lists them; those of slipway.yaml are changed there.",
  });
}

/** Undefined for what a newer version has stored and this one does not understand. */
function present(stored: StoredLimit): ApiLimit | undefined {
  const { success, data } = limitSpecSchema.safeParse(stored.spec);
  if (!success) return undefined;
  const { createdAt, updatedAt } = stored;
  return { ...data, source: "api", createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

function refuse(spec: LimitSpec, others: number, tenantId: string, budgetsAreClosed: boolean): void {
  if (others >= MOST_LIMITS) {
    throw new SlipwayError("conflict", `A tenant has at most ${MOST_LIMITS} limits.`, { hint: "Remove one first." });
  }
  if (spec.match.tenant !== undefined && spec.match.tenant !== tenantId) {
    throw new SlipwayError("invalid_request", "`match.tenant`: a tenant limits its own calls only.", {
      param: "match.tenant",
      hint: "Leave it out.",
    });
  }
  if (spec.budget === undefined || !budgetsAreClosed) return;
  throw new SlipwayError("conflict", "Several processes serve here without Redis, and cannot keep a budget together.", {
    hint: "Set REDIS_URL, or run one process.",
  });
}

/** `/api/v1/limits`: the tenant's own limits. A change is in force here when the answer is sent, and everywhere within a second. */
export function registerLimits(
  app: App,
  services: AppServices,
  options: {
    readonly limits: Limits;
    readonly changes: ChangeFeed;
    /** The limits of the file. */
    readonly shared: () => readonly LimitSpec[];
    readonly version: () => string;
    readonly budgetsAreClosed: boolean;
  },
): void {
  const { limits, changes, budgetsAreClosed } = options;
  const ids = { name: "limit" };
  app.get("/api/v1/limits", { requires: "limits:read" }, async (c) => {
    const { tenantId } = principalOf(c);
    const own = (await limits.list(tenantId)).flatMap((stored) => present(stored) ?? []);
    const shared = options
      .shared()
      .filter(({ match }) => match.tenant === undefined || match.tenant === tenantId)
      .map((spec): ApiLimit => ({ ...spec, source: "file", createdAt: null, updatedAt: null }));
    const list: ApiLimitList = { version: options.version(), limits: [...own, ...shared] };
    return c.json(list);
  });
  app.get("/api/v1/limits/:name", { requires: "limits:read", ids }, async (c) => {
    const { tenantId } = principalOf(c);
    const name = pathParam(c, "name");
    const stored = (await limits.list(tenantId)).find((limit) => limit.name === name);
    const found = stored && present(stored);
    if (!found) throw notFound(name);
    return c.json(found);
  });
  app.put("/api/v1/limits/:name", { requires: "limits:write", ids, body: putLimitSchema }, async (c) => {
    const principal = principalOf(c);
    const { tenantId } = principal;
    const name = checked(limitNameSchema, pathParam(c, "name"));
    const spec: LimitSpec = { ...(await jsonBody(c, putLimitSchema)), name };
    const others = (await limits.list(tenantId)).filter((limit) => limit.name !== name);
    refuse(spec, others.length, tenantId, budgetsAreClosed);
    const { createdAt, updatedAt, created } = await limits.put(tenantId, name, spec);
    await changes.refresh();
    auditOf(c, services, principal, "limit.put", name);
    const answer: ApiLimit = {
      ...spec,
      source: "api",
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
    return c.json(answer, created ? 201 : 200);
  });
  app.delete("/api/v1/limits/:name", { requires: "limits:write", ids }, async (c) => {
    const principal = principalOf(c);
    const name = pathParam(c, "name");
    if (!(await limits.remove(principal.tenantId, name))) throw notFound(name);
    await changes.refresh();
    auditOf(c, services, principal, "limit.delete", name);
    return c.body(null, 204);
  });
}
