import { newId } from "#lib/ids.ts";
import type { AuditLevel, AuditRecord, NewAuditRecord } from "#store/audit-records.ts";
import type { StrangerBound } from "./strangers.ts";
import { type AuditQueue, auditUnavailable, type CommitWaiter } from "./commit-queue.ts";

/** What a caller of the audit room knows of an event; the rest is filled in here. */
export interface AuditEvent extends Pick<
  AuditRecord,
  "actor" | "action" | "target" | "outcome" | "code" | "requestId"
> {
  /** Null: of a caller whom nobody could verify. It is recorded in the operator's log, up to a bound a minute. */
  readonly tenantId: string | null;
  /** The pattern of the route, by which the level is chosen. */
  readonly route?: string;
  readonly cost?: number | null;
  readonly clientIp?: string | undefined;
  /** What was said, as far as the level asks for it; redacted and encrypted before it is written. */
  readonly content?: AuditContent | undefined;
}

/** What was said. */
export interface AuditContent {
  readonly request?: unknown;
  readonly response?: unknown;
}

/**
 * Takes an audit record for writing. With a waiter: true when the waiter will be told once the record is committed, false when
 * nothing has to be waited for. A waiter may be told before this returns.
 */
export type RecordAudit = (event: AuditEvent, waiter?: CommitWaiter) => boolean;

/** How much is recorded of a tenant's requests on a route. */
export type LevelOf = (tenantId: string, route: string | undefined) => AuditLevel | "none";

/** Redacts and encrypts what was said. Rejects when the tenant's key is out of reach. */
export type SealContent = (tenantId: string, recordId: string, content: AuditContent) => Promise<Uint8Array>;

/** Records events under this release through the given queue. */
export function createRecordAudit(options: {
  readonly queue: AuditQueue;
  readonly release: string;
  readonly levelOf: LevelOf;
  readonly seal: SealContent;
  /** In whose log strangers are recorded, and how many of them. */
  readonly strangers: { readonly tenantId: string; readonly bound: StrangerBound };
}): RecordAudit {
  const { queue, release, levelOf, seal, strangers } = options;
  const put = (record: NewAuditRecord, waiter: CommitWaiter | undefined): boolean => {
    if (waiter) return queue.commit(record, waiter);
    queue.take(record);
    return false;
  };
  const record = (event: AuditEvent, tenantId: string, waiter?: CommitWaiter): boolean => {
    const level = levelOf(tenantId, event.route);
    if (level === "none") return false;
    const content = level === "metadata" ? undefined : event.content;
    const taken: AuditRecord = {
      id: newId("aud"),
      tenantId,
      actor: event.actor,
      action: event.action,
      target: event.target,
      outcome: event.outcome,
      code: event.code,
      cost: event.cost ?? null,
      clientIp: event.clientIp ?? null,
      level: content ? level : "metadata",
      requestId: event.requestId,
      release,
      at: new Date(),
    };
    if (!content) return put(taken, waiter);
    void seal(tenantId, taken.id, content).then(
      (sealed) => {
        if (!put({ ...taken, content: sealed }, waiter)) waiter?.committed(true);
      },
      () => {
        // What was said cannot be kept without its key; that it was said is recorded still, and the answer is withheld.
        put({ ...taken, level: "metadata" }, undefined);
        waiter?.committed(false);
      },
    );
    return waiter !== undefined;
  };
  return (event, waiter) => {
    if (event.tenantId !== null) return record(event, event.tenantId, waiter);
    const verdict = strangers.bound.next();
    if (!verdict.recorded) return false;
    if (verdict.leftOut > 0)
      record({ ...event, target: `${verdict.leftOut} more`, code: "left_out" }, strangers.tenantId);
    return record(event, strangers.tenantId, waiter);
  };
}

/** Records an event and resolves when its answer may be sent; rejects with `audit_unavailable`. */
export function recorded(audit: RecordAudit, event: AuditEvent): Promise<void> {
  return new Promise((resolve, reject) => {
    const committed = (ok: boolean): void => (ok ? resolve() : reject(auditUnavailable()));
    if (!audit(event, { committed })) resolve();
  });
}
