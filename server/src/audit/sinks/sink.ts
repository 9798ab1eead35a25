/** The sinks that audit records can be sent to. */
export const SINKS = ["file", "stdout", "webhook", "splunk"] as const;
export type SinkName = (typeof SINKS)[number];

/** A record in the order of the sequencer, as every sink sends it. */
export interface SinkRecord {
  /** Grows over all tenants in the order of the sequencer. */
  readonly position: number;
  /** The event id: the same however often the record is sent. */
  readonly id: string;
  readonly at: Date;
  /** The record as one line of JSON, without the line's end. */
  readonly json: string;
}

/** What became of records that were sent. */
export type Delivery =
  /** The first `count` of them have arrived for good. */
  | { readonly kind: "delivered"; readonly count: number }
  /** Nothing is known to have arrived; worth another try, not before `afterMs` when the other side says so. */
  | { readonly kind: "failed"; readonly reason: string; readonly afterMs?: number }
  /** The other side refuses them, which a person has to mend. They are kept and tried now and then. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The other side is gone for good and says so. */
  | { readonly kind: "gone"; readonly reason: string };

/** Somewhere that audit records go. */
export interface AuditSink {
  readonly name: SinkName;
  /** Where to, without secrets: what logs and the API may show. */
  readonly target: string;
  /** Records and bytes of JSON that one delivery takes at most; a longer record goes alone. */
  readonly most: { readonly records: number; readonly bytes: number };
  /** Milliseconds that one delivery may take. */
  readonly deadlineMs: number;
  /** Sends the records, which are at least one and in order. The same ones may come again. A rejection counts as `failed`. */
  deliver(records: readonly SinkRecord[], signal: AbortSignal): Promise<Delivery>;
  close(): Promise<void>;
}
