/*
 * Adds up what several processes expose in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), as our registries write it: without time stamps.
 */

/** How the values of one series become one. What has no entry is summed. */
export type Aggregation = "sum" | "first" | "min" | "max" | "average";

/** What one process exposes. */
export interface Exposition {
  readonly text: string;
  /** By the family's name. */
  readonly how: Readonly<Record<string, Aggregation>>;
}

interface Family {
  readonly head: readonly string[];
  readonly type: string;
  /** Values by name and labels, as they are written, in the order of their first coming. */
  readonly series: Map<string, number[]>;
}

type Families = Map<string, Family>;

const LASTING: ReadonlySet<string> = new Set(["counter", "histogram", "summary"]);

function addTo(families: Families, text: string, lastingOnly: boolean): void {
  let head: string[] = [];
  let family: Family | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    if (line.startsWith("# HELP ")) {
      head = [line];
      continue;
    }
    if (line.startsWith("# TYPE ")) {
      const [name = "", type = ""] = line.slice("# TYPE ".length).split(" ");
      family = undefined;
      if (lastingOnly && !LASTING.has(type)) continue;
      family = families.get(name) ?? { head: [...head, line], type, series: new Map() };
      families.set(name, family);
      continue;
    }
    const end = line.lastIndexOf(" ");
    if (!family || end === -1) continue;
    const series = line.slice(0, end);
    const value = Number(line.slice(end + 1));
    const values = family.series.get(series);
    if (values) values.push(value);
    else family.series.set(series, [value]);
  }
}

function fold(values: readonly number[], how: Aggregation): number {
  switch (how) {
    case "first":
      return values[0] ?? 0;
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "sum":
    case "average": {
      let sum = 0;
      for (const value of values) sum += value;
      return how === "sum" ? sum : sum / values.length;
    }
  }
}

function written(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

/**
 * One exposition of several. Of `past`, processes that have ended or do not answer, only what lasts counts, counters and
 * histograms: a sum that fell when a process ends would look to Prometheus like a restart, and its rates would jump.
 */
export function mergeExpositions(present: readonly Exposition[], past: readonly string[]): string {
  const families: Families = new Map();
  for (const { text } of present) addTo(families, text, false);
  for (const text of past) addTo(families, text, true);
  const how = Object.assign({}, ...present.map((exposition) => exposition.how)) as Record<string, Aggregation>;
  const parts: string[] = [];
  for (const [name, { head, series }] of families) {
    const lines = [...series].map(([key, values]) => `${key} ${written(fold(values, how[name] ?? "sum"))}`);
    parts.push([...head, ...lines].join("\n"));
  }
  return `${parts.join("\n\n")}\n`;
}
