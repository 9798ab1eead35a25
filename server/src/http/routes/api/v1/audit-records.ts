import type { AuditKeyAnswer, AuditRecordAnswer, AuditRecordListAnswer } from "@slipway/contracts/api/audit.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { z } from "zod";
import { exportLog } from "#audit/export.ts";
import type { CheckpointSigner } from "#audit/signer.ts";
import type { Envelopes } from "#keys/envelope.ts";
import type { UnsequencedRecord } from "#store/audit-records.ts";
import type { Store } from "#store/store.ts";
import { type App, type AppServices, auditOf, pathParam, principalOf, queryOf } from "../../../app.ts";

const time = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: "must be a time such as 2026-11-21T00:00:00Z, or a day in UTC",
});
const text = z.string().min(1).max(500).optional();

const searchSchema = z.strictObject({
  actor: text,
  action: text,
  target: text,
  outcome: z.enum(["ok", "denied", "error", "aborted"]).optional(),
  requestId: text,
  from: time.optional(),
  to: time.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});

function present(record: UnsequencedRecord): AuditRecordAnswer {
  const { id, actor, action, target, outcome, code, clientIp, requestId, release, level } = record;
  const costMicros = record.cost === null ? null : Math.round(record.cost / 1e6);
  const known = { id, actor, action, target, outcome, code, costMicros, clientIp, requestId, release, level };
  return { ...known, at: record.at.toISOString(), hasContent: record.contentSha256 !== null };
}

// A cursor is the last record of a page: its time and its id.
function writeCursor({ at, id }: UnsequencedRecord): string {
  return `${at.getTime()}.${id}`;
}

function readCursor(cursor: string): { readonly at: Date; readonly id: string } {
  const [, time, id] = /^(\d{1,15})\.(\S{1,128})$/.exec(cursor) ?? [];
  if (time === undefined || id === undefined)
    throw new SlipwayError("invalid_request", "`cursor`: is none of this list's.", { param: "cursor" });
  return { at: new Date(Number(time)), id };
}

/** The lines of an export as they are read from the store: nothing is gathered, and a client that reads slowly holds the store back. */
function linesOf(lines: AsyncIterator<unknown>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      let text = "";
      for (let count = 0; count < 200; count += 1) {
        const next = await lines.next();
        if (next.done) {
          if (text !== "") controller.enqueue(Buffer.from(text));
          controller.close();
          return;
        }
        text += `${JSON.stringify(next.value)}\n`;
      }
      controller.enqueue(Buffer.from(text));
    },
    async cancel() {
      await lines.return?.();
    },
  });
}

/** `/api/v1/audit-records` and `/api/v1/audit-key`: what auditors ask of the caller's tenant. Reading the log is in the log. */
export function registerAuditRecords(
  app: App,
  services: AppServices,
  options: {
    readonly store: Pick<Store, "auditRecords" | "auditChain">;
    readonly envelopes: Pick<Envelopes, "open">;
    readonly signer: CheckpointSigner;
  },
): void {
  const { store, envelopes, signer } = options;
  app.get("/api/v1/audit-records", { requires: "audit:read", query: searchSchema }, async (c) => {
    const { tenantId } = principalOf(c);
    const { limit, cursor, from, to, ...search } = queryOf(c, searchSchema);
    // One more than asked for tells whether there are more.
    const found = await store.auditRecords.search(tenantId, {
      ...search,
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to),
      before: cursor === undefined ? undefined : readCursor(cursor),
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const nextCursor = found.length > limit && last ? writeCursor(last) : null;
    const answer: AuditRecordListAnswer = { records: page.map(present), nextCursor };
    return c.json(answer);
  });
  app.get("/api/v1/audit-records/export", { requires: "audit:read" }, (c) => {
    const principal = principalOf(c);
    auditOf(c, services, principal, "audit.export", principal.tenantId);
    const lines = exportLog(store, principal.tenantId);
    return c.body(linesOf(lines), 200, { "content-type": "application/jsonl", "cache-control": "no-store" });
  });
  const ids = { id: "audit-record" };
  app.get("/api/v1/audit-records/:id/content", { requires: "audit:read", ids }, async (c) => {
    const principal = principalOf(c);
    const id = pathParam(c, "id");
    const sealed = await store.auditRecords.content(principal.tenantId, id);
    if (!sealed)
      throw new SlipwayError("not_found", "There is no such audit record, or nothing of what was said is kept.");
    auditOf(c, services, principal, "audit.read_content", id);
    const opened = await envelopes.open(principal.tenantId, sealed, `audit ${id}`);
    c.header("cache-control", "no-store");
    return c.json(JSON.parse(Buffer.from(opened).toString("utf8")));
  });
  app.get("/api/v1/audit-key", { requires: "audit:read" }, async (c) => {
    const { tenantId } = principalOf(c);
    const checkpoint = await store.auditChain.latestCheckpoint(tenantId);
    const answer: AuditKeyAnswer = { verifierKey: signer.verifierKey(tenantId), checkpoint: checkpoint?.note ?? null };
    return c.json(answer);
  });
}
