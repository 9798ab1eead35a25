import { mebibytes, millicores } from "@slipway/contracts/spec/quantity.ts";
import type { Spec } from "#spec/spec.ts";
import type { ServiceSize } from "../targets/target.ts";
import { type CostLine, type PriceSource, type Total, total } from "./estimate.ts";
import { CASES, MEASURED } from "./assumptions.ts";
import { modelLines, type TokenPrices } from "./models.ts";
import { serviceLines, storeLines, type Workload } from "./platforms.ts";
import type { UnitPrice } from "./price.ts";
import { beyondScale, type SizedService } from "./usage.ts";

/** What an environment costs a month at so many requests a day. */
export interface Estimate {
  readonly requestsPerDay: number;
  readonly lines: readonly CostLine[];
  readonly platform: Total;
  /** Apart: models are paid to somebody else. */
  readonly models: { readonly lines: readonly CostLine[]; readonly total: Total };
  readonly warnings: readonly string[];
}

/** Estimates of one environment, and the prices that they rest on. */
export interface CostReport {
  readonly system: string;
  readonly environment: string;
  readonly target: string;
  readonly currency: "USD";
  readonly estimates: readonly Estimate[];
  readonly prices: Readonly<Record<string, UnitPrice>>;
  readonly notes: readonly string[];
}

/** Where prices come from, and the day on which they are asked. */
export interface Pricing {
  readonly prices: PriceSource;
  readonly tokens: TokenPrices;
  /** ISO date. */
  readonly today: string;
}

/** The services of a spec as their cost sees them, with other sizes where there are. */
export function sizedServices(spec: Spec, sizes: readonly ServiceSize[] = []): readonly SizedService[] {
  return spec.services.map(({ name, cpu, memory, scale, concurrency, access }) => {
    const other = sizes.find(({ service }) => service === name);
    return {
      name,
      public: access.kind === "public",
      millicores: other?.millicores ?? millicores(cpu),
      mebibytes: other?.mebibytes ?? mebibytes(memory),
      min: other?.min ?? scale.min,
      max: other?.max ?? scale.max,
      concurrency,
      cpuTarget: scale.cpu,
    };
  });
}

/** What an environment costs at each of these volumes. Pure. */
export function estimateCost(spec: Spec, volumes: readonly number[], pricing: Pricing): CostReport {
  const estimates = volumes.map((requestsPerDay) => estimate(spec, requestsPerDay, pricing));
  const used = new Set(estimates.flatMap(({ lines }) => lines.flatMap(({ price }) => price ?? [])));
  const prices = [...used].sort().flatMap((name) => {
    const found = pricing.prices.find(name);
    return found === undefined ? [] : [[name, found] as const];
  });
  return {
    system: spec.name,
    environment: spec.environmentName ?? "",
    target: spec.environment.target,
    currency: "USD",
    estimates,
    prices: Object.fromEntries(prices),
    notes: notesOf(spec, prices, pricing.today),
  };
}

function estimate(spec: Spec, requestsPerDay: number, { prices, tokens }: Pricing): Estimate {
  const services = sizedServices(spec);
  const workload: Workload = { spec, services, requestsPerDay, prices };
  const { target } = spec.environment;
  const lines = [...serviceLines(target, workload), ...storeLines(target, workload)];
  const models = modelLines(spec, requestsPerDay, tokens);
  const sums = { platform: total(lines), models: { lines: models, total: total(models) } };
  const warnings = [...tooSmall(services, requestsPerDay), ...overBudget(spec, sums.platform, sums.models.total)];
  return { requestsPerDay, lines, ...sums, warnings };
}

function tooSmall(services: readonly SizedService[], requestsPerDay: number): readonly string[] {
  return services.flatMap((service) => {
    const which = CASES.find((each) => beyondScale(service, requestsPerDay, each) !== undefined);
    if (which === undefined) return [];
    const wanted = beyondScale(service, requestsPerDay, which) ?? 0;
    return [
      `${service.name} may have ${service.max} instances and needs ${wanted} at its busiest (${which}): the rest is refused.`,
    ];
  });
}

function overBudget({ environment: { budget } }: Spec, platform: Total, models: Total): readonly string[] {
  if (budget === undefined) return [];
  const expected = platform.expected + models.expected;
  const most = Math.round(budget.monthly * 1e6);
  const least = platform.unknown.length + models.unknown.length > 0 ? "at least " : "";
  if (expected <= most) return [];
  return [
    `Over the budget of $${budget.monthly} a month: ${least}$${Math.ceil(expected / 1e6)} are to be expected, models included.`,
  ];
}

function notesOf(spec: Spec, prices: readonly (readonly [string, UnitPrice])[], today: string): readonly string[] {
  const [region] = spec.environment.regions;
  const elsewhere = prices.filter(
    ([, { region: of }]) => !/^(any|global)$/.test(of) && (region === undefined || !of.includes(region)),
  );
  const old = prices.filter(([, { expires }]) => expires < today);
  const small = spec.services.filter(({ memory }) => mebibytes(memory) < MEASURED.memoryMiB.expected);
  const regions = spec.environment.regions.length;
  return [
    ...(elsewhere.length > 0
      ? [
          `Prices of other regions than ${region ?? "the one that is not named"} are used for ${elsewhere.map(([name]) => name).join(", ")}.`,
        ]
      : []),
    ...(regions > 1 ? [`One of the ${regions} regions is counted: each further one costs about as much again.`] : []),
    ...old.map(([name, { expires }]) => `The price ${name} should have been looked up again by ${expires}.`),
    ...small.map(
      ({ name, memory }) =>
        `${name} has ${memory} of memory; a server under load took ${MEASURED.memoryMiB.expected} MiB (${MEASURED.date}).`,
    ),
  ];
}
