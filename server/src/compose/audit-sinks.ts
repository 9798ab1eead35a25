import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { SYSTEM_CLOCK } from "#audit/delivery/clock.ts";
import { createDeliveries, type Deliveries } from "#audit/delivery/deliveries.ts";
import type { SinkGap } from "#audit/delivery/sink-delivery.ts";
import { recordSource } from "#audit/delivery/source.ts";
import { createFileSink } from "#audit/sinks/file.ts";
import { type PostToSink, postThrough } from "#audit/sinks/http.ts";
import type { AuditSink } from "#audit/sinks/sink.ts";
import { createSplunkSink } from "#audit/sinks/splunk.ts";
import { createStdoutSink } from "#audit/sinks/stdout.ts";
import { createWebhookSink } from "#audit/sinks/webhook.ts";
import type { Config } from "#config/config.ts";
import type { Egress } from "#egress/egress.ts";
import { newId } from "#lib/ids.ts";
import type { AuditRecord } from "#store/audit-records.ts";
import type { Store } from "#store/store.ts";
import { DEFAULT_TENANT } from "./identity.ts";
import type { composeTelemetry } from "./telemetry.ts";

/** The certificates of a file; throws `config_invalid` when there are none, so that it is known at start. */
async function readCa(name: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const pem = await readFile(path, "utf8").catch(() => "");
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return pem;
  throw new SlipwayError("config_invalid", `${name} must name a file of certificates in PEM that can be read.`, {
    hint: "Mount the certificates of the authority that signed the sink's, or unset the variable.",
  });
}

/** A way to one host, which the operator has set, whatever network it is in. */
async function wayTo(
  egress: Egress,
  purpose: "webhook" | "splunk",
  variable: string,
  { url, caFile }: { readonly url: string; readonly caFile: string | undefined },
): Promise<PostToSink> {
  const ca = await readCa(variable, caFile);
  const allow = [new URL(url).host];
  return postThrough(egress.client(purpose, { allow, keepAlive: true, ...(ca === undefined ? {} : { ca }) }));
}

async function makeSinks(config: Config, egress: Egress): Promise<readonly AuditSink[]> {
  const { file, stdout, webhook, splunk } = config.auditSinks;
  const sinks: AuditSink[] = [];
  if (file) sinks.push(createFileSink(file));
  if (stdout) sinks.push(createStdoutSink());
  if (webhook) {
    sinks.push(createWebhookSink(webhook, await wayTo(egress, "webhook", "AUDIT_WEBHOOK_CA_FILE", webhook)));
  }
  if (splunk) {
    sinks.push(createSplunkSink(splunk, await wayTo(egress, "splunk", "SPLUNK_HEC_CA_FILE", splunk), SYSTEM_CLOCK));
  }
  return sinks;
}

/** What tells, in the audit log itself, which of its records a sink will not get. */
function gapRecord({ sink, from, to }: SinkGap, release: string): AuditRecord {
  return {
    id: newId("aud"),
    tenantId: DEFAULT_TENANT,
    actor: "system",
    action: "audit.shed",
    target: `${sink} ${from}-${to}`,
    outcome: "error",
    code: "audit_spool_full",
    cost: null,
    clientIp: null,
    level: "metadata",
    requestId: newId("req"),
    release,
    at: new Date(),
  };
}

/** The deliveries of audit records to the sinks that are set. */
export async function composeAuditSinks(
  config: Config,
  rooms: {
    readonly store: Store;
    readonly egress: Egress;
    readonly telemetry: ReturnType<typeof composeTelemetry>;
  },
): Promise<Deliveries> {
  const { store, egress, telemetry } = rooms;
  return createDeliveries({
    sinks: await makeSinks(config, egress),
    store: store.auditSinks,
    source: recordSource(store.auditRecords),
    holder: `${hostname()}/${process.pid}`.slice(-128),
    spool: config.auditSinks.spool,
    recordGap: (gap) => store.auditRecords.write([store.auditRecords.line(gapRecord(gap, config.release))]),
    log: telemetry.log,
    metrics: telemetry.metrics,
  });
}
