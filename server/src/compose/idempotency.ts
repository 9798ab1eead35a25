import type { createRecordAudit } from "#audit/audit.ts";
import type { Config } from "#config/config.ts";
import { createIdempotency, type Idempotency } from "#http/edge/idempotency/idempotency.ts";
import type { createEnvelopes } from "#keys/envelope.ts";
import type { MasterKey } from "#keys/master-key.ts";
import type { createStore } from "#store/create-store.ts";
import type { composeIdentity } from "./identity.ts";
import { DEFAULT_TENANT } from "./identity.ts";
import type { composeTelemetry } from "./telemetry.ts";

/** Answers to requests with an `Idempotency-Key`, kept for every tenant that has a key. */
export function composeIdempotency(
  config: Config,
  rooms: {
    readonly master: MasterKey;
    readonly store: ReturnType<typeof createStore>;
    readonly identity: Awaited<ReturnType<typeof composeIdentity>>;
    readonly envelopes: ReturnType<typeof createEnvelopes>;
    readonly audit: ReturnType<typeof createRecordAudit>;
    readonly telemetry: ReturnType<typeof composeTelemetry>;
  },
): Idempotency {
  const { master, store, identity, envelopes, audit, telemetry } = rooms;
  return createIdempotency({
    records: store.idempotency,
    authenticate: identity.authenticate,
    envelopes,
    pepper: master.fingerprinting,
    audit,
    log: telemetry.log,
    metrics: telemetry.metrics,
    maxBodyBytes: config.http.maxBodyBytes,
    leaseMs: config.idempotency.leaseMs,
    tenants: async () => [DEFAULT_TENANT, ...(await store.directory.activeKeys()).map(({ tenantId }) => tenantId)],
  });
}
