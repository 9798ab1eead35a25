import type { Config } from "#config/config.ts";
import { type FollowedLimits, followLimits } from "#config/follow-limits.ts";
import { createGovern, type Govern } from "#http/edge/govern.ts";
import type { BudgetWindow } from "#limits/declared/counter.ts";
import { createDeclaredLimits, type DeclaredLimits } from "#limits/declared/limits.ts";
import { nanoDollars } from "#limits/declared/rule.ts";
import { spentByLedger, type SumSpent } from "#limits/declared/spent-by-ledger.ts";
import type { PriceTable } from "#router/price/price-table.ts";
import { createRedisLimits } from "#store/redis/shared-limits.ts";
import type { Store } from "#store/store.ts";
import type { Spent } from "#store/usage-ledger.ts";
import type { Logger } from "#telemetry/logger.ts";
import type { Metrics } from "#telemetry/metrics.ts";

/** Limits and budgets as they are declared, and what lets requests in by them. */
export interface LimitRooms {
  readonly declared: DeclaredLimits;
  readonly followed: FollowedLimits;
  readonly govern: Govern;
  /** Resolves when limits can be kept as they should, or it is known that they cannot: within seconds. */
  readonly ready: Promise<void>;
  /** Several processes serve and have nothing to keep money by. */
  readonly budgetsAreClosed: boolean;
}

const DIMENSIONS = { key: "keyId", user: "userId", agent: "agent", route: "route" } as const;

/** Money that the ledger knows of, in nano-dollars; a line of unknown cost counts as the budget has it. */
function sumSpent({ usageLedger }: Pick<Store, "usageLedger">): SumSpent {
  return async (windows, from, to) => {
    const [first] = windows;
    if (first === undefined) return [];
    const { spentBy, rule } = first.counter;
    const { tenantId, ...by } = spentBy;
    const query = { ...by, from: new Date(from), to: new Date(to) };
    const dimension = windows.length > 1 && rule.per !== "tenant" ? DIMENSIONS[rule.per] : undefined;
    const sums =
      dimension === undefined
        ? Array<Spent>(windows.length).fill(await usageLedger.spent(tenantId, query))
        : await usageLedger.spentByEach(
            tenantId,
            { ...query, [dimension]: undefined },
            dimension,
            windows.map(({ counter }) => counter.spentBy[dimension] ?? ""),
          );
    return windows.map(({ counter }, at) => {
      const { nano = 0, unknown = 0 } = sums[at] ?? {};
      return nano + unknown * (counter.rule.budget?.unknown ?? 0);
    });
  };
}

/** Tells of each share of a budget once: by whichever charge passed it. */
function tellSpent(log: Logger, metrics: Metrics) {
  return (window: BudgetWindow, before: number, after: number): void => {
    const { counter, kind, id, cap } = window;
    for (const share of counter.rule.budget?.alerts ?? []) {
      const mark = cap * share;
      if (before >= mark || after < mark) continue;
      metrics.budgetAlerts.inc({ window: kind, share: String(share) });
      const spent = after / nanoDollars(1);
      log.warn(
        {
          tenantId: counter.tenantId,
          limit: counter.rule.name,
          subject: counter.id,
          window: id,
          share,
          spentUsd: spent,
        },
        `a budget is spent to ${Math.round(share * 100)} %`,
      );
    }
  };
}

/** Declared limits on the ledger, on Redis where there is one, to be put in force by file and database. */
export function composeLimits(
  config: Config,
  rooms: { readonly store: Store; readonly prices: PriceTable; readonly log: Logger; readonly metrics: Metrics },
): LimitRooms {
  const { store, prices, log, metrics } = rooms;
  const processes = config.replicas * config.workers;
  const clock = (): number => performance.now();
  const now = (): number => Date.now();
  const services = {
    clock,
    now,
    readSpent: spentByLedger(sumSpent(store), clock, now),
    onSpent: tellSpent(log, metrics),
  };
  const counts =
    config.redis &&
    createRedisLimits({
      url: config.redis.url,
      limits: { deadlineMs: config.redis.deadlineMs },
      onState(up, reason) {
        metrics.limitModes.inc({ mode: up ? "shared" : "local" });
        if (up) log.info({ processes }, "limits are kept with the other replicas, in Redis");
        else log.warn({ reason, processes }, "Redis does not answer: each process keeps its part of the limits");
      },
      onMiss: (reason) => metrics.redisMisses.inc({ reason }),
    });
  const declared = createDeclaredLimits(services, {
    shared: counts && { counts, leaseMs: config.limitLeaseMs },
    processes,
  });
  const budgetsAreClosed = processes > 1 && counts === undefined;
  const followed = followLimits({ limits: declared, directory: store.directory, budgetsAreClosed, log });
  const govern = createGovern({ limits: declared, prices, metrics });
  return { declared, followed, govern, ready: counts?.known ?? Promise.resolve(), budgetsAreClosed };
}
