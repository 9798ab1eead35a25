import { setTimeout as sleep } from "node:timers/promises";
import { buildCommand } from "@stricli/core";
import type { AuditRecordAnswer, AuditRecordListAnswer } from "@slipway/contracts/api/audit.ts";
import { API_FLAGS, type ApiFlags, askApi } from "#lib/api-client.ts";

interface SearchFlags extends ApiFlags {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly outcome?: string;
  readonly requestId?: string;
}

interface Span {
  readonly from?: string;
  readonly to?: string;
}

const text = (brief: string) =>
  ({ kind: "parsed", parse: String, optional: true, placeholder: "TEXT", brief }) as const;

const FILTERS = {
  ...API_FLAGS,
  actor: text("Who: key:<id>, session:<id>"),
  action: text("What: model.call, or api_key.* for all that begin so"),
  target: text("On which thing"),
  outcome: text("ok, denied, error or aborted"),
  requestId: text("Of which request"),
} as const;

async function page(flags: SearchFlags & Span, more: Readonly<Record<string, string>>): Promise<AuditRecordListAnswer> {
  const { actor, action, target, outcome, requestId, from, to } = flags;
  const asked = { actor, action, target, outcome, requestId, from, to, ...more };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, value);
  return (await (await askApi(flags, `/api/v1/audit-records?${query.toString()}`)).json()) as AuditRecordListAnswer;
}

function line(record: AuditRecordAnswer): string {
  return `${JSON.stringify(record)}\n`;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`"${text}" is not a number of records`);
  return Number(text);
}

/** `slipway audit search` */
export const search = buildCommand({
  async func(flags: SearchFlags & Span & { readonly limit?: number }) {
    let left = flags.limit ?? 100;
    let cursor: string | null = null;
    do {
      const asked = { limit: String(Math.min(left, 1000)), ...(cursor === null ? {} : { cursor }) };
      const { records, nextCursor }: AuditRecordListAnswer = await page(flags, asked);
      for (const record of records) process.stdout.write(line(record));
      left -= records.length;
      cursor = nextCursor;
    } while (cursor !== null && left > 0);
  },
  parameters: {
    flags: {
      ...FILTERS,
      from: text("From this time or day (UTC) on"),
      to: text("Before this time or day"),
      limit: { kind: "parsed", parse: parseCount, optional: true, placeholder: "N", brief: "At most so many; 100" },
    },
  },
  docs: { brief: "Print audit records as JSON lines, newest first" },
});

const LOOK_MS = 1000;
/** Records may come to be seen a little after the time that they bear; what was printed is known by its id. */
const OVERLAP_MS = 15_000;

/** `slipway audit tail` */
export const tail = buildCommand({
  async func(flags: SearchFlags & { readonly lines?: number }) {
    let printed = new Map<string, number>();
    let limit = flags.lines ?? 10;
    let from: string | undefined;
    for (;;) {
      const asked: SearchFlags & Span = from === undefined ? flags : { ...flags, from };
      const { records } = await page(asked, { limit: String(limit) });
      for (const record of records.toReversed()) {
        if (!printed.has(record.id)) process.stdout.write(line(record));
        printed.set(record.id, Date.parse(record.at));
      }
      const newest = Math.max(Date.parse(records[0]?.at ?? ""), from === undefined ? 0 : Date.parse(from));
      const since = (Number.isNaN(newest) ? Date.now() : newest) - OVERLAP_MS;
      printed = new Map([...printed].filter(([, at]) => at >= since));
      from = new Date(since).toISOString();
      limit = 1000;
      await sleep(LOOK_MS);
    }
  },
  parameters: {
    flags: {
      ...FILTERS,
      lines: {
        kind: "parsed",
        parse: parseCount,
        optional: true,
        placeholder: "N",
        brief: "Begin with the last N; 10",
      },
    },
  },
  docs: { brief: "Print audit records as they come, until it is stopped" },
});
