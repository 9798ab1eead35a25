import { createRecordAudit } from "#audit/audit.ts";
import { createCommitQueue } from "#audit/commit-queue.ts";
import type { Deliveries } from "#audit/delivery/deliveries.ts";
import { createAuditLevels } from "#audit/levels.ts";
import { contentText } from "#audit/redact.ts";
import { createSequencer } from "#audit/sequencer.ts";
import { createCheckpointSigner } from "#audit/signer.ts";
import { StrangerBound } from "#audit/strangers.ts";
import type { Config } from "#config/config.ts";
import type { Envelopes } from "#keys/envelope.ts";
import { DEFAULT_TENANT } from "./identity.ts";
import { keyFromText } from "#keys/key-text.ts";
import type { MasterKey } from "#keys/master-key.ts";
import { signingKeyOf } from "#keys/signing-key.ts";
import type { Store } from "#store/store.ts";
import type { composeTelemetry } from "./telemetry.ts";

/** Records a minute and process of callers that nobody could verify. */
const MOST_STRANGERS = 60;

/** The audit log: its queue, its levels, the sequencer with the key that signs. */
export async function composeAudit(
  config: Config,
  rooms: {
    readonly master: MasterKey;
    readonly store: Store;
    readonly envelopes: Envelopes;
    readonly telemetry: ReturnType<typeof composeTelemetry>;
    /** Where records go besides the database: retention waits for it. */
    readonly deliveries: Pick<Deliveries, "oldestNeeded">;
  },
) {
  const { store, envelopes, master } = rooms;
  const { log, metrics } = rooms.telemetry;
  const { enabled, mode, level, maxContentBytes, retentionDays, checkpointMs, signingKey } = config.audit;
  const { auditRecords } = store;
  const queue = createCommitQueue({
    mode,
    line: auditRecords.line,
    write: (lines) => auditRecords.write(lines),
    log,
    metrics,
  });
  const levels = createAuditLevels({ enabled, level });
  const record = createRecordAudit({
    queue,
    release: config.release,
    levelOf: levels.levelOf,
    seal: (tenantId, id, content) =>
      envelopes.seal(tenantId, Buffer.from(contentText(content, maxContentBytes)), `audit ${id}`),
    strangers: {
      tenantId: DEFAULT_TENANT,
      bound: new StrangerBound(MOST_STRANGERS, () => performance.now()),
    },
  });
  const seed = signingKey === undefined ? master.auditSigning : await keyFromText(signingKey);
  const signer = createCheckpointSigner(signingKeyOf(seed));
  const sequencer = createSequencer({
    chain: store.auditChain,
    records: store.auditRecords,
    signer,
    log,
    metrics,
    checkpointMs,
    retention: { days: retentionDays, delivered: () => rooms.deliveries.oldestNeeded() },
  });
  return { queue, levels, record, signer, sequencer };
}
