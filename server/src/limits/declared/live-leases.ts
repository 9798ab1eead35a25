import type { Hold, SharedChange } from "#store/shared-limits.ts";

/** Makes a lease live on. */
type Renewal = SharedChange & { readonly kind: "renew" };

interface Live {
  readonly tenantId: string;
  readonly holds: readonly Hold[];
  readonly onRenewed: (() => void) | undefined;
  renewedAt: number;
}

/** A lease lives on for as long again when this part of its life has passed. */
const RENEW_PART = 8;

/** The leases of this process whose requests still run: they are made to live on, because a request may run longer than a lease. */
export class LiveLeases {
  readonly #leaseMs: number;
  readonly #send: (tenantId: string, changes: readonly Renewal[]) => void;
  readonly #clock: () => number;
  readonly #live = new Map<string, Live>();
  readonly #timer: NodeJS.Timeout;

  constructor(leaseMs: number, clock: () => number, send: (tenantId: string, changes: readonly Renewal[]) => void) {
    this.#leaseMs = leaseMs;
    this.#send = send;
    this.#clock = clock;
    this.#timer = setInterval(() => this.renew(), leaseMs / RENEW_PART / 4);
    this.#timer.unref();
  }

  add(tenantId: string, leaseId: string, holds: readonly Hold[], onRenewed?: () => void): void {
    if (holds.length > 0) this.#live.set(leaseId, { tenantId, holds, onRenewed, renewedAt: this.#clock() });
  }

  /** True when it was held. */
  remove(leaseId: string): boolean {
    return this.#live.delete(leaseId);
  }

  /** Renews what is old enough, or all of it: after a time without Redis, in which leases may have run out. */
  renew(all = false): void {
    const now = this.#clock();
    const byTenant = new Map<string, Renewal[]>();
    for (const [leaseId, live] of this.#live) {
      if (!all && now - live.renewedAt < this.#leaseMs / RENEW_PART) continue;
      live.renewedAt = now;
      const changes = byTenant.get(live.tenantId);
      const change: Renewal = { kind: "renew", leaseId, ttlMs: this.#leaseMs, holds: live.holds };
      if (changes) changes.push(change);
      else byTenant.set(live.tenantId, [change]);
      live.onRenewed?.();
    }
    for (const [tenantId, changes] of byTenant) this.#send(tenantId, changes);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
