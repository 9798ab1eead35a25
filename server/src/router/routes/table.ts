import type { RouteSpec } from "@slipway/contracts/spec/route.ts";
import { BoundedMap } from "#lib/bounded-map.ts";
import { type CompileContext, compileRoute } from "./compile.ts";
import type { Route } from "./route.ts";

interface Pattern {
  readonly before: string;
  readonly after: string;
  readonly spec: RouteSpec;
}

/** Names that match a pattern are the clients' own: so many are remembered, and none that is longer. */
const MOST_NAMES = 2_000;
const MOST_NAME = 200;

/** The routes of one owner by the names that lead to them. What nobody asks for is never compiled. */
export class RouteTable {
  readonly #version: string;
  readonly #context: CompileContext;
  readonly #exact = new Map<string, RouteSpec>();
  readonly #patterns: Pattern[] = [];
  readonly #known = new BoundedMap<string, Route>(MOST_NAMES);

  /** Where two routes take the same name, the first one has it. */
  constructor(specs: readonly RouteSpec[], version: string, context: CompileContext) {
    this.#version = version;
    this.#context = context;
    for (const spec of specs) {
      for (const model of spec.models ?? [spec.name]) {
        const star = model.indexOf("*");
        if (star !== -1) this.#patterns.push({ before: model.slice(0, star), after: model.slice(star + 1), spec });
        else if (!this.#exact.has(model)) this.#exact.set(model, spec);
      }
    }
  }

  /** The names that are no patterns. */
  get names(): Iterable<string> {
    return this.#exact.keys();
  }

  find(model: string): Route | undefined {
    const known = this.#known.get(model);
    if (known) return known;
    const route = this.#compile(model);
    if (route && model.length <= MOST_NAME) this.#known.set(model, route);
    return route;
  }

  // A name that is written out comes before any pattern; patterns in the order in which they were written.
  #compile(model: string): Route | undefined {
    const exact = this.#exact.get(model);
    if (exact) return compileRoute(exact, model, this.#version, this.#context);
    for (const { before, after, spec } of this.#patterns) {
      if (model.length < before.length + after.length || !model.startsWith(before) || !model.endsWith(after)) continue;
      const wildcard = model.slice(before.length, model.length - after.length);
      return compileRoute(spec, wildcard, this.#version, this.#context);
    }
    return undefined;
  }
}
