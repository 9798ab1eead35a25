import { durationMs } from "@slipway/contracts/spec/duration.ts";
import type { RouteSpec } from "@slipway/contracts/spec/route.ts";
import type { Provider } from "#providers/provider.ts";
import { type AttemptPolicy, DEFAULT_POLICY } from "../attempts/policy.ts";
import type { RouteCache } from "../cache/policy.ts";
import { perToken } from "../price/model-price.ts";
import type { TargetStates } from "../attempts/target-state.ts";
import type { PrefixMemory } from "./prefix-memory.ts";
import type { Pool, Route, RouteTarget, Strategy, TargetPrice } from "./route.ts";
import { affinity } from "./strategies/affinity.ts";
import { latency } from "./strategies/latency.ts";
import { price } from "./strategies/price.ts";
import { priority } from "./strategies/priority.ts";
import { weighted } from "./strategies/weighted.ts";

/** What routes are made with. */
export interface CompileContext {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly states: TargetStates;
  readonly memory: PrefixMemory;
  /** The price of a target that declares none; undefined when it is unknown. */
  readonly priceOf: (provider: string, model: string) => TargetPrice | undefined;
}

/** Vendors that charge less for cached tokens charge about this share. */
const CACHED_SHARE = 0.1;
const DEFAULT_AFFINITY_MS = 300_000;

function ms(text: string | undefined): number | undefined {
  return text === undefined ? undefined : durationMs(text);
}

function policyOf({ timeouts, retry, hedge }: RouteSpec): AttemptPolicy {
  return {
    ...DEFAULT_POLICY,
    firstTokenMs: ms(timeouts?.firstToken) ?? DEFAULT_POLICY.firstTokenMs,
    answerMs: ms(timeouts?.answer) ?? DEFAULT_POLICY.answerMs,
    idleMs: ms(timeouts?.idle) ?? DEFAULT_POLICY.idleMs,
    totalMs: ms(timeouts?.total),
    retries: retry?.retries ?? DEFAULT_POLICY.retries,
    maxWaitMs: ms(retry?.maxWait) ?? DEFAULT_POLICY.maxWaitMs,
    hedge: hedge && { afterMs: durationMs(hedge.after) },
  };
}

function strategyOf(spec: RouteSpec, memory: PrefixMemory): Strategy {
  switch (spec.strategy) {
    case "priority":
      return priority;
    case "weighted":
      return weighted;
    case "price":
      return price;
    case "latency":
      return latency;
    case "affinity":
      return affinity(memory, ms(spec.affinity?.ttl) ?? DEFAULT_AFFINITY_MS);
  }
}

function cacheOf({ ttl, semantic }: NonNullable<RouteSpec["cache"]>): RouteCache {
  const ttlSeconds = Math.ceil(durationMs(ttl) / 1000);
  return semantic ? { ttlSeconds, semantic: { threshold: semantic.threshold } } : { ttlSeconds };
}

type TargetSpec = RouteSpec["targets"][number];

function priceOf({ price: declared }: TargetSpec): TargetPrice | undefined {
  if (!declared) return undefined;
  const { input, cachedInput = input * CACHED_SHARE, output } = declared;
  return { input: perToken(input), cachedInput: perToken(cachedInput), output: perToken(output) };
}

/** The name of the provider in `<provider>/<model>`. */
export function providerOf(target: string): string {
  return target.slice(0, target.indexOf("/"));
}

function nameOf({ provider, model }: RouteTarget): { readonly provider: string; readonly model: string } {
  return { provider: provider.name, model };
}

class Compiler {
  readonly #context: CompileContext;
  readonly #version: string;
  readonly #wildcard: string;

  constructor(context: CompileContext, version: string, wildcard: string) {
    this.#context = context;
    this.#version = version;
    this.#wildcard = wildcard;
  }

  /** Undefined where the target's provider is not configured. The mock stands in for every provider. */
  target(spec: TargetSpec, index: number): RouteTarget | undefined {
    const { providers, states } = this.#context;
    const name = providerOf(spec.target);
    const provider = providers.get(name) ?? providers.get("mock");
    if (!provider) return undefined;
    // A function, because `$` in a replacement text would be read as a pattern.
    const model = spec.target.slice(name.length + 1).replace("*", () => this.#wildcard);
    return {
      provider,
      model,
      routesVersion: this.#version,
      weight: spec.weight,
      priority: spec.priority ?? index,
      price: priceOf(spec) ?? this.#context.priceOf(name, model),
      state: states.of(provider, model),
      // A name that is the client's in part is no label.
      counts: spec.target.includes("*") ? states.provider(provider).counts : states.countsOf(provider, model),
    };
  }

  pool(specs: readonly TargetSpec[], strategy: Strategy): Pool | undefined {
    const targets = specs.flatMap((spec, index) => this.target(spec, index) ?? []);
    return targets.length === 0 ? undefined : { targets, strategy };
  }
}

/**
 * The route that a spec makes for a model name, `wildcard` being what the `*` of its pattern stands for. Its pools are empty when
 * none of its providers is configured.
 */
export function compileRoute(spec: RouteSpec, wildcard: string, version: string, context: CompileContext): Route {
  const compiler = new Compiler(context, version, wildcard);
  const first = compiler.pool(spec.targets, strategyOf(spec, context.memory));
  const fallbacks = spec.fallback.map((target) => compiler.pool([{ target, weight: 1 }], priority));
  const pools = [first, ...fallbacks].filter((pool) => pool !== undefined);
  const targets = pools.flatMap((pool) => pool.targets);
  const only = targets.length === 1 ? targets[0] : undefined;
  return {
    name: spec.name,
    pools,
    only,
    cache: spec.cache && cacheOf(spec.cache),
    asked: only ? nameOf(only) : { provider: "route", model: spec.name, among: targets.map(nameOf) },
    policy: policyOf(spec),
    learns: spec.strategy === "latency" || spec.strategy === "affinity",
    version,
  };
}
