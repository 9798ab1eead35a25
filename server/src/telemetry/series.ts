import { Registry } from "prom-client";
import type { Aggregation, Exposition } from "./merge-expositions.ts";

/*
 * Counters and histograms of what happens with every request. prom-client hashes the labels of each count into a text, which at
 * some thousand requests a second costs more than the counting; here a count is a walk through one small map a label.
 */

/** Something that writes itself in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
interface Exposed {
  text(): string;
}

// What prom-client would leave out of a sum is the time of the start: the oldest is the server's.
function aggregationOf(name: unknown): Aggregation | undefined {
  switch (name) {
    case "first":
    case "min":
    case "max":
    case "average":
      return name;
    case "omit":
      return "min";
    default:
      return undefined;
  }
}

/** prom-client's registry, and the series of this file beside its metrics. */
export class MetricsRegistry extends Registry {
  readonly #exposed: Exposed[] = [];

  add(exposed: Exposed): void {
    this.#exposed.push(exposed);
  }

  override async metrics(): Promise<string> {
    const texts = [await super.metrics(), ...this.#exposed.map((exposed) => exposed.text())];
    return `${texts.map((text) => text.trimEnd()).join("\n\n")}\n`;
  }

  /** The same, with how its values are added up to those of other processes: as each metric's `aggregator` says. */
  async exposition(): Promise<Exposition> {
    const how: Record<string, Aggregation> = {};
    for (const metric of this.getMetricsAsArray()) {
      const found = aggregationOf(Reflect.get(metric, "aggregator"));
      if (found) how[metric.name] = found;
    }
    return { text: await this.metrics(), how };
  }
}

type LabelValue = string | number;

interface Options<Label extends string> {
  readonly name: string;
  readonly help: string;
  /** Their values must be few: each combination is kept for good. */
  readonly labelNames: readonly Label[];
  readonly registers: readonly MetricsRegistry[];
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

interface Node<Cell> {
  readonly children: Map<LabelValue, Node<Cell>>;
  cell: Cell | undefined;
}

/** One cell for each combination of label values. */
class Cells<Label extends string, Cell> {
  readonly #labels: readonly Label[];
  readonly #create: () => Cell;
  readonly #root: Node<Cell> = { children: new Map(), cell: undefined };
  readonly #all: { readonly labels: string; readonly cell: Cell }[] = [];

  constructor(labels: readonly Label[], create: () => Cell) {
    this.#labels = labels;
    this.#create = create;
  }

  get(values: Readonly<Record<Label, LabelValue>>): Cell {
    let node = this.#root;
    for (const label of this.#labels) {
      const value = values[label];
      let next = node.children.get(value);
      if (next === undefined) node.children.set(value, (next = { children: new Map(), cell: undefined }));
      node = next;
    }
    return (node.cell ??= this.#add(values));
  }

  /** Each cell with its labels as they are written: `route="/ready",status="200"`. */
  all(): readonly { readonly labels: string; readonly cell: Cell }[] {
    return this.#all;
  }

  #add(values: Readonly<Record<Label, LabelValue>>): Cell {
    const cell = this.#create();
    const labels = this.#labels.map((label) => `${label}="${escape(String(values[label]))}"`).join(",");
    this.#all.push({ labels, cell });
    return cell;
  }
}

function head(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}`;
}

/** Only goes up. */
export class Counter<Label extends string> implements Exposed {
  readonly #options: Options<Label>;
  readonly #cells: Cells<Label, { value: number }>;

  constructor(options: Options<Label>) {
    this.#options = options;
    this.#cells = new Cells(options.labelNames, () => ({ value: 0 }));
    for (const registry of options.registers) registry.add(this);
  }

  inc(labels: Readonly<Record<Label, LabelValue>>, by = 1): void {
    this.#cells.get(labels).value += by;
  }

  text(): string {
    const { name, help } = this.#options;
    const lines = this.#cells.all().map(({ labels, cell }) => `${name}{${labels}} ${cell.value}`);
    return [head(name, help, "counter"), ...lines].join("\n");
  }
}

/** Counts values by the first of the buckets that holds them. */
export class Histogram<Label extends string> implements Exposed {
  readonly #options: Options<Label> & { readonly buckets: readonly number[] };
  readonly #cells: Cells<Label, { sum: number; readonly counts: number[] }>;

  /** `buckets`: upper bounds, inclusive, in ascending order. */
  constructor(options: Options<Label> & { readonly buckets: readonly number[] }) {
    this.#options = options;
    this.#cells = new Cells(options.labelNames, () => ({
      sum: 0,
      counts: Array.from({ length: options.buckets.length + 1 }, () => 0),
    }));
    for (const registry of options.registers) registry.add(this);
  }

  observe(labels: Readonly<Record<Label, LabelValue>>, value: number): void {
    const cell = this.#cells.get(labels);
    const { buckets } = this.#options;
    let at = 0;
    while (at < buckets.length && value > (buckets[at] ?? 0)) at += 1;
    cell.counts[at] = (cell.counts[at] ?? 0) + 1;
    cell.sum += value;
  }

  text(): string {
    const { name, help, buckets } = this.#options;
    const lines: string[] = [head(name, help, "histogram")];
    for (const { labels, cell } of this.#cells.all()) {
      const others = labels === "" ? "" : `,${labels}`;
      let total = 0;
      cell.counts.forEach((count, at) => {
        total += count;
        lines.push(`${name}_bucket{le="${buckets[at] ?? "+Inf"}"${others}} ${total}`);
      });
      lines.push(`${name}_sum{${labels}} ${cell.sum}`, `${name}_count{${labels}} ${total}`);
    }
    return lines.join("\n");
  }
}
