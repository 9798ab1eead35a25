import type { SharedChange, SharedLimits } from "#store/shared-limits.ts";
import type { BudgetWindow } from "./counter.ts";

/** A correction of the common counts; what is spent names its window, whose key is another tenant's as well. */
export type Settled =
  | Exclude<SharedChange, { readonly kind: "spend" }>
  | (SharedChange & { readonly kind: "spend"; readonly window: BudgetWindow });

/** Told of what a window had spent before and after something was charged to it. */
export type OnSpent = (window: BudgetWindow, before: number, after: number) => void;

interface Batch {
  readonly number: number;
  readonly changes: readonly Settled[];
}

interface TenantQueue {
  readonly tenantId: string;
  /** Sent and not answered; sent again, with its number, until it is. */
  sent: Batch | undefined;
  waiting: Settled[];
  lastNumber: number;
  timer: NodeJS.Timeout | undefined;
}

// Settlements are gathered for so long: under load, one round trip serves many.
const GATHER_MS = 5;
const AGAIN_MS = 250;
/** Changes that one batch carries at most. */
const MOST_CHANGES = 1_000;
/** Changes of one tenant that may wait while Redis is away; then charges are summed and leases are left to run out. */
const MOST_WAITING = 20_000;

/** Sums what is spent and used under one key, and leaves out what runs out or drains by itself. */
function condense(changes: readonly Settled[]): Settled[] {
  const spent = new Map<string, Settled & { readonly kind: "spend" }>();
  const used = new Map<string, Settled & { readonly kind: "used" }>();
  const gives: Settled[] = [];
  for (const change of changes) {
    if (change.kind === "spend") {
      const sum = spent.get(change.key)?.amount ?? 0;
      spent.set(change.key, { ...change, amount: sum + change.amount });
    } else if (change.kind === "used") {
      const sum = used.get(change.key) ?? { requests: 0, tokens: 0 };
      const { requests, tokens } = change;
      used.set(change.key, { ...change, requests: requests + sum.requests, tokens: tokens + sum.tokens });
    } else if (change.kind === "give" && gives.length < MOST_WAITING / 2) gives.push(change);
  }
  return [...spent.values(), ...used.values(), ...gives];
}

/**
 * What requests have used, on its way to the common counts: in order, gathered, and each batch counted once however often it has to
 * be sent. While Redis is away it waits here.
 */
export class Settlements {
  readonly #shared: SharedLimits;
  readonly #process: string;
  readonly #onSpent: OnSpent;
  readonly #tenants = new Map<string, TenantQueue>();
  #closed = false;

  constructor(shared: SharedLimits, process: string, onSpent: OnSpent) {
    this.#shared = shared;
    this.#process = process;
    this.#onSpent = onSpent;
  }

  add(tenantId: string, ...changes: readonly Settled[]): void {
    let queue = this.#tenants.get(tenantId);
    if (!queue) {
      queue = { tenantId, sent: undefined, waiting: [], lastNumber: 0, timer: undefined };
      this.#tenants.set(tenantId, queue);
    }
    queue.waiting.push(...changes);
    if (queue.waiting.length > MOST_WAITING) queue.waiting = condense(queue.waiting);
    this.#wake(queue, GATHER_MS);
  }

  /** Sends what waits, once, and forgets the rest: leases run out by themselves. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.#tenants.values()].map(async (queue) => {
        clearTimeout(queue.timer);
        while ((queue.sent !== undefined || queue.waiting.length > 0) && (await this.#send(queue)));
      }),
    );
  }

  #wake(queue: TenantQueue, ms: number): void {
    if (this.#closed || queue.timer !== undefined) return;
    queue.timer = setTimeout(() => {
      void this.#send(queue).then((answered) => {
        queue.timer = undefined;
        if (queue.sent !== undefined || queue.waiting.length > 0) this.#wake(queue, answered ? GATHER_MS : AGAIN_MS);
      });
    }, ms);
    queue.timer.unref();
  }

  /** True when the batch was taken. */
  async #send(queue: TenantQueue): Promise<boolean> {
    if (!this.#shared.up) return false;
    if (queue.sent === undefined) {
      const changes = queue.waiting.splice(0, MOST_CHANGES);
      if (changes.length === 0) return true;
      queue.sent = { number: (queue.lastNumber += 1), changes };
    }
    const batch = queue.sent;
    const spent = await this.#shared.settle(queue.tenantId, { process: this.#process, ...batch });
    if (spent === undefined) return false;
    queue.sent = undefined;
    const spends = batch.changes.filter((change) => change.kind === "spend");
    spends.forEach(({ window }, at) => {
      const pair = spent[at];
      if (pair !== undefined) this.#onSpent(window, pair[0], pair[1]);
    });
    return true;
  }
}
