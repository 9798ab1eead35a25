import { mebibytes } from "@slipway/contracts/spec/quantity.ts";
import type { DataSpec } from "@slipway/contracts/spec/data.ts";
import { ASSUMED, type Case, MEASURED, MONTH_DAYS, MONTH_HOURS } from "./assumptions.ts";
import { type CostLine, line, type PriceSource, unknownLine } from "./estimate.ts";
import { gigabytes } from "./usage.ts";

/** Whose databases are priced. */
export type Vendor = "google" | "amazon" | "azure";

/** Bytes of memory for each connection: RDS' default is LEAST(DBInstanceClassMemory/9531392, 5000). */
const BYTES_A_CONNECTION = 9_531_392;
const SIZES_GIB = [2, 4, 8, 16, 32] as const;

/** What databases, Redis and object storage cost. The spec does not say how large a database's machine is: it is the smallest that takes `maxConnections`. */
export function dataLines(
  prices: PriceSource,
  vendor: Vendor,
  data: DataSpec,
  requestsPerDay: number,
): readonly CostLine[] {
  return [
    ...(data.postgres ? postgresLines(prices, vendor, data.postgres, requestsPerDay) : []),
    ...(data.redis ? redisLines(prices, vendor, data.redis, requestsPerDay) : []),
    ...(data.objects ? [objectLine(prices, vendor, requestsPerDay)] : []),
  ];
}

/** Gibibytes of memory that a database of so many connections has, in each case: half, as it is, and the next size. */
export function postgresMemory(maxConnections: number): (which: Case) => number {
  const wanted = (maxConnections * BYTES_A_CONNECTION) / 2 ** 30;
  const size = SIZES_GIB.find((gib) => gib >= wanted) ?? Math.ceil(wanted / 8) * 8;
  return (which) => (which === "low" ? Math.max(SIZES_GIB[0], size / 2) : which === "expected" ? size : size * 2);
}

function postgresLines(
  prices: PriceSource,
  vendor: Vendor,
  postgres: NonNullable<DataSpec["postgres"]>,
  requestsPerDay: number,
): readonly CostLine[] {
  const machines = (postgres.highAvailability ? 2 : 1) + postgres.replicas;
  const memory = postgresMemory(postgres.maxConnections);
  const cores = (which: Case): number => {
    const busy = (requestsPerDay * MEASURED.databaseCpuMicrosPerRequest[which]) / 1e6 / 86_400;
    return Math.max(1, Math.ceil(memory(which) / 4), Math.ceil(busy / 0.5));
  };
  const storage = (which: Case): number =>
    machines * Math.max(mebibytes(postgres.storage) / 1024, gigabytes(requestsPerDay, ASSUMED.kilobytesStored[which]));
  const disk = line(prices, "postgres: storage", `${vendor}/postgres-storage`, storage);
  if (vendor === "google")
    return [
      line(prices, "postgres: cpu", `${vendor}/postgres-cpu`, (which) => machines * cores(which) * MONTH_HOURS),
      line(prices, "postgres: memory", `${vendor}/postgres-memory`, (which) => machines * memory(which) * MONTH_HOURS),
      disk,
    ];
  return [classLine(prices, vendor, memory, machines), disk];
}

/** Machines that are sold by size: each case has a price of its own. */
function classLine(prices: PriceSource, vendor: Vendor, memory: (which: Case) => number, machines: number): CostLine {
  const of = (which: Case) =>
    line(prices, "postgres: machine", `${vendor}/postgres-${memory(which)}`, () => machines * MONTH_HOURS);
  const [low, expected, high] = [of("low"), of("expected"), of("high")];
  if (low.amounts === null || expected.amounts === null || high.amounts === null)
    return [low, expected, high].find(({ amounts }) => amounts === null) ?? expected;
  const amounts = { low: low.amounts.low, expected: expected.amounts.expected, high: high.amounts.high };
  return { ...expected, amounts };
}

function redisLines(
  prices: PriceSource,
  vendor: Vendor,
  redis: NonNullable<DataSpec["redis"]>,
  requestsPerDay: number,
): readonly CostLine[] {
  const gib = mebibytes(redis.memory) / 1024;
  // What was found of Memorystore is the price without a replica.
  if (vendor === "google" && redis.highAvailability)
    return [unknownLine("redis", "no price of Memorystore with a replica was found")];
  const memory = line(prices, "redis: memory", `${vendor}/redis-memory`, () => gib * MONTH_HOURS);
  if (vendor !== "amazon") return [memory];
  const commands = (which: Case): number => requestsPerDay * MONTH_DAYS * ASSUMED.redisCommands[which];
  return [memory, line(prices, "redis: commands", `${vendor}/redis-units`, commands)];
}

function objectLine(prices: PriceSource, vendor: Vendor, requestsPerDay: number): CostLine {
  return line(
    prices,
    "object storage",
    `${vendor}/objects`,
    (which) => 10 + gigabytes(requestsPerDay, ASSUMED.kilobytesStored[which]),
  );
}
