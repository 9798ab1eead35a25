/** How a sink is doing: sends (`working`), tries again (`failing`), waits for a person (`refused`), has given up (`disabled`). */
export type SinkState = "working" | "failing" | "refused" | "disabled";

/** How far a sink has come. Positions are those of sequenced audit records. */
export interface SinkProgress {
  /** Everything up to here has arrived, or was shed. */
  readonly position: number;
  /** The end of what was being sent when this was written; null when nothing was. */
  readonly sendingTo: number | null;
  readonly state: SinkState;
  readonly reason: string | null;
  /** Tries that failed since the last success. */
  readonly failures: number;
  readonly failingSince: Date | null;
  readonly nextTryAt: Date | null;
  readonly lastDeliveredAt: Date | null;
  /** Records that arrived, and that were shed, in all. */
  readonly delivered: number;
  readonly shed: number;
}

/** A sink's progress with its name, for whoever looks on. */
export interface SinkReport extends SinkProgress {
  readonly sink: string;
  readonly target: string;
  /** The process that works it; null when none does. */
  readonly holder: string | null;
}

/** The right to work a sink until the lease is over. */
export interface SinkLease {
  readonly sink: string;
  /** Verbs with a fence that is not the newest do nothing and answer false. */
  readonly fence: number;
}

/** What a failed try leaves behind. */
export interface SinkFailure {
  readonly state: Exclude<SinkState, "working">;
  readonly reason: string;
  readonly failures: number;
  readonly failingSince: Date;
  readonly nextTryAt: Date;
}

/** Who works which sink, and how far it has come. Verbs of a lease answer false when somebody else has it. */
export interface AuditSinks {
  /** Undefined while another process works the sink. A new sink begins before the first record; a disabled one with another target works again. */
  claim(
    sink: string,
    claim: { readonly target: string; readonly holder: string; readonly leaseMs: number },
  ): Promise<{ readonly lease: SinkLease; readonly progress: SinkProgress } | undefined>;
  /** Keeps the lease for so long from now; answers the progress as it stands, undefined when the lease is lost. */
  renew(lease: SinkLease, leaseMs: number): Promise<SinkProgress | undefined>;
  release(lease: SinkLease): Promise<void>;
  /** Notes what is about to be sent. */
  begin(lease: SinkLease, sendingTo: number): Promise<boolean>;
  /** Notes that `count` records up to the position have arrived; what was to be sent beyond it still is. Clears failures. */
  advance(
    lease: SinkLease,
    done: { readonly position: number; readonly count: number; readonly at: Date },
  ): Promise<boolean>;
  fail(lease: SinkLease, failure: SinkFailure): Promise<boolean>;
  /** Passes over what lies up to the position, `count` records. */
  shed(lease: SinkLease, skipped: { readonly position: number; readonly count: number }): Promise<boolean>;
  /** Lets a sink that failed, was refused or disabled try again now. False when there is no such sink. */
  resume(sink: string): Promise<boolean>;
  list(): Promise<readonly SinkReport[]>;
}
