import { mebibytes } from "@slipway/contracts/spec/quantity.ts";
import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { Spec } from "#spec/spec.ts";
import { ASSUMED, type Case, MEASURED, MONTH_DAYS, MONTH_HOURS } from "./assumptions.ts";
import { dataLines, type Vendor } from "./data.ts";
import { type CostLine, line, type PriceSource, unknownLine } from "./estimate.ts";
import { gigabytes, instanceHours, type SizedService } from "./usage.ts";

/** What the lines of a platform are made from. */
export interface Workload {
  readonly spec: Spec;
  readonly services: readonly SizedService[];
  readonly requestsPerDay: number;
  readonly prices: PriceSource;
}

/** The part that follows the services: what they run on, what balances them, what they send and log. */
export function serviceLines(target: TargetName, workload: Workload): readonly CostLine[] {
  return PLATFORMS[target](workload);
}

/** The part that stays when services change. */
export function storeLines(target: TargetName, { spec, requestsPerDay, prices }: Workload): readonly CostLine[] {
  if (target === "compose") return [];
  if (target === "railway") return railwayStores(spec, prices);
  const vendor = vendorOf(target, spec);
  const stores = Object.keys(spec.data);
  if (vendor === undefined) return stores.map((name) => unknownLine(name, "nobody knows whose cluster it is"));
  const table = target === "lambda" ? tableLines(prices, requestsPerDay) : [];
  return [...dataLines(prices, vendor, spec.data, requestsPerDay), ...table];
}

function vendorOf(target: TargetName, spec: Spec): Vendor | undefined {
  if (target === "cloud-run") return "google";
  if (target === "ecs" || target === "lambda") return "amazon";
  const provider = spec.environment.cluster?.provider ?? "generic";
  return ({ gke: "google", eks: "amazon", aks: "azure", generic: undefined } as const)[provider];
}

const PLATFORMS: Readonly<Record<TargetName, (workload: Workload) => readonly CostLine[]>> = {
  "cloud-run": (workload) => [
    ...workload.services.flatMap((service) => [
      hours(workload, service, "cpu", "google/run-cpu", (service.millicores / 1000) * 3600),
      hours(workload, service, "memory", "google/run-memory", (service.mebibytes / 1024) * 3600),
    ]),
    ...googleEdge(workload),
    ...traffic(workload, "google"),
  ],
  ecs: (workload) => [
    ...workload.services.flatMap((service) => [
      hours(workload, service, "cpu", "amazon/fargate-cpu", service.millicores / 1000),
      hours(workload, service, "memory", "amazon/fargate-memory", service.mebibytes / 1024),
    ]),
    ...amazonEdge(workload),
    ...traffic(workload, "amazon"),
  ],
  kubernetes,
  lambda,
  railway: (workload) => [
    ...workload.services.flatMap((service) => [usedCpu(workload, service), usedMemory(workload, service)]),
    line(workload.prices, "seat", "railway/seat", () => 1),
    egressLine(workload, "railway"),
  ],
  compose: () => [unknownLine("the machine", "it is your own")],
};

/** A line of what an instance costs for each hour that it runs. */
function hours(
  { prices, requestsPerDay }: Workload,
  service: SizedService,
  what: string,
  price: string,
  units: number,
): CostLine {
  return line(
    prices,
    `${service.name}: ${what}`,
    price,
    (which) => instanceHours(service, requestsPerDay, which) * units,
  );
}

/** Cores and gibibytes that a node leaves to pods; the rest is the system's. */
const NODE = { cores: 1.9, gibibytes: 6 } as const;

function kubernetes(workload: Workload): readonly CostLine[] {
  const { spec, services, requestsPerDay, prices } = workload;
  const provider = spec.environment.cluster?.provider ?? "generic";
  const vendor = vendorOf("kubernetes", spec);
  if (vendor === undefined)
    return [unknownLine("the cluster", "nobody knows whose it is"), ...traffic(workload, undefined)];
  const nodes = (which: Case): number => {
    const sum = (of: (service: SizedService) => number): number =>
      services.reduce(
        (all, service) => all + (instanceHours(service, requestsPerDay, which) / MONTH_HOURS) * of(service),
        0,
      );
    const used = Math.max(
      sum(({ millicores }) => millicores / 1000) / NODE.cores,
      sum(({ mebibytes }) => mebibytes / 1024) / NODE.gibibytes,
    );
    // A cluster that others share, one of its own, one with a node to spare.
    return which === "low" ? used : which === "expected" ? Math.ceil(used) : Math.ceil(used) + 1;
  };
  return [
    line(prices, "cluster", `${vendor}/${provider}-cluster`, () => MONTH_HOURS),
    line(prices, "nodes", `${vendor}/${provider}-node`, (which) => nodes(which) * MONTH_HOURS),
    ...edge(workload, vendor),
    ...traffic(workload, vendor),
  ];
}

function lambda(workload: Workload): readonly CostLine[] {
  const { services, requestsPerDay, prices } = workload;
  const requests = requestsPerDay * MONTH_DAYS;
  return [
    ...services.flatMap((service) => [
      line(prices, `${service.name}: duration`, "amazon/lambda-duration", (which) =>
        lambdaDuration(requests, ASSUMED.secondsPerAnswer[which], service.mebibytes),
      ),
      line(prices, `${service.name}: requests`, "amazon/lambda-requests", () => requests),
    ]),
    line(prices, "HTTP API", "amazon/http-api", () => requests),
    ...traffic(workload, "amazon"),
  ];
}

/** GB seconds as AWS counts them: each request holds the function's memory while it is answered. */
export function lambdaDuration(requests: number, seconds: number, mebibytes: number): number {
  return requests * seconds * (mebibytes / 1024);
}

/** Reads and writes of a request in DynamoDB: its key, its limits, its records. */
function tableLines(prices: PriceSource, requestsPerDay: number): readonly CostLine[] {
  const requests = requestsPerDay * MONTH_DAYS;
  const units = { low: 1, expected: 4, high: 12 } as const;
  return [
    line(prices, "table: writes", "amazon/table-writes", (which) => requests * units[which]),
    line(prices, "table: reads", "amazon/table-reads", (which) => requests * units[which]),
  ];
}

/** Railway bills what is used: idle processes hold their memory, requests take their CPU. */
function usedCpu({ prices, requestsPerDay }: Workload, service: SizedService): CostLine {
  const minutes = (which: Case): number => {
    const worked = (requestsPerDay * MONTH_DAYS * MEASURED.cpuMicrosPerRequest[which]) / 1e6 / 60;
    const all = instanceHours(service, requestsPerDay, which) * 60 * (service.millicores / 1000);
    return Math.min(all, worked + all / 100);
  };
  return line(prices, `${service.name}: cpu`, "railway/cpu", minutes);
}

function usedMemory({ prices, requestsPerDay }: Workload, service: SizedService): CostLine {
  const held = (which: Case): number =>
    which === "high" ? service.mebibytes : Math.min(service.mebibytes, MEASURED.memoryMiB[which]);
  return line(
    prices,
    `${service.name}: memory`,
    "railway/memory",
    (which) => instanceHours(service, requestsPerDay, which) * 60 * (held(which) / 1024),
  );
}

function railwayStores({ data }: Spec, prices: PriceSource): readonly CostLine[] {
  const minutes = MONTH_HOURS * 60;
  const gib = { low: 0.1, expected: 0.5, high: 1 } as const;
  const stores = [...(data.postgres ? ["postgres"] : []), ...(data.redis ? ["redis"] : [])];
  const disk = data.postgres ? mebibytes(data.postgres.storage) / 1024 : 0;
  return [
    ...stores.flatMap((name) => [
      line(prices, `${name}: cpu`, "railway/cpu", (which) => minutes * gib[which] * 0.1),
      line(prices, `${name}: memory`, "railway/memory", (which) => minutes * gib[which]),
    ]),
    ...(data.postgres ? [line(prices, "postgres: volume", "railway/volume", () => disk)] : []),
    ...(data.objects ? [unknownLine("object storage", "Railway has none of a price that was found")] : []),
  ];
}

function edge(workload: Workload, vendor: Vendor): readonly CostLine[] {
  if (vendor === "google") return googleEdge(workload);
  if (vendor === "amazon") return amazonEdge(workload);
  return workload.services.some((service) => service.public)
    ? [unknownLine("balancer", "no price of Azure's was found")]
    : [];
}

function googleEdge({ services, requestsPerDay, prices }: Workload): readonly CostLine[] {
  if (!services.some((service) => service.public)) return [];
  return [
    line(prices, "balancer: rules", "google/balancer-rule", () => MONTH_HOURS),
    line(prices, "balancer: data", "google/balancer-data", (which) =>
      gigabytes(requestsPerDay, ASSUMED.kilobytesOut[which] * 2),
    ),
  ];
}

function amazonEdge({ services, requestsPerDay, prices }: Workload): readonly CostLine[] {
  if (!services.some((service) => service.public)) return [];
  const units = (which: Case): number => {
    // An LCU: 1 GB an hour, 3,000 open connections, 25 new ones a second, whichever is most.
    const perSecond = requestsPerDay / 86_400;
    const bytes = gigabytes(requestsPerDay, ASSUMED.kilobytesOut[which] * 2) / MONTH_HOURS;
    return Math.max(bytes, (perSecond * ASSUMED.secondsPerAnswer[which]) / 3000, perSecond / 25) * MONTH_HOURS;
  };
  return [
    line(prices, "balancer: hours", "amazon/balancer-hour", () => MONTH_HOURS),
    line(prices, "balancer: units", "amazon/balancer-unit", units),
  ];
}

function traffic(workload: Workload, vendor: Vendor | undefined): readonly CostLine[] {
  if (vendor === undefined)
    return [
      unknownLine("egress", "nobody knows whose network it is"),
      unknownLine("logs", "nobody knows where they go"),
    ];
  const { requestsPerDay, prices } = workload;
  return [
    egressLine(workload, vendor),
    line(prices, "logs", `${vendor}/logs`, (which) => gigabytes(requestsPerDay, ASSUMED.kilobytesLogged[which])),
  ];
}

/** Answers to clients, and as much again to models. */
function egressLine({ requestsPerDay, prices }: Workload, vendor: Vendor | "railway"): CostLine {
  return line(prices, "egress", `${vendor}/egress`, (which) =>
    gigabytes(requestsPerDay, ASSUMED.kilobytesOut[which] * 2),
  );
}
