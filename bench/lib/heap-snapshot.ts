/**
 * Bytes of a heap by whose they are. What a snapshot counts besides the heap is in neither, such as buffers' memory, but for texts that lie
 * outside of it (the program's source): so the two are more than the heap together, by what does not change.
 */
export type HeapOfKinds = {
  /** What the program made and holds: objects, closures, arrays, the tables of maps and sets, strings, numbers. */
  readonly objects: number;
  /** V8's own: bytecode and machine code, what it learned of functions, shapes of objects, and who depends on which of them. */
  readonly engine: number;
};

/** The kinds of nodes, by the names in a snapshot's `meta.node_types` (v8/src/profiler/heap-profiler: HeapEntry::Type). */
const OBJECTS: ReadonlySet<string> = new Set([
  "array",
  "string",
  "concatenated string",
  "sliced string",
  "object",
  "closure",
  "regexp",
  "number",
  "symbol",
  "bigint",
]);
const ENGINE: ReadonlySet<string> = new Set(["hidden", "code", "object shape"]);

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly (string | string[])[] };
  };
  readonly nodes: readonly number[];
}

/** Sums a heap snapshot, JSON as `v8.writeHeapSnapshot` and the inspector write it, by whose its nodes are. Throws `TypeError` when it is none. */
export function heapOfKinds(json: string): HeapOfKinds {
  const { snapshot, nodes } = JSON.parse(json) as Snapshot;
  const { node_fields: fields, node_types: kinds } = snapshot.meta;
  const [kindAt, sizeAt] = [fields.indexOf("type"), fields.indexOf("self_size")];
  const names = kinds[kindAt];
  if (kindAt < 0 || sizeAt < 0 || !Array.isArray(names)) throw new TypeError("This is no heap snapshot that is known");
  const sizes = new Float64Array(names.length);
  for (let node = 0; node < nodes.length; node += fields.length) {
    const kind = nodes[node + kindAt] ?? 0;
    sizes[kind] = (sizes[kind] ?? 0) + (nodes[node + sizeAt] ?? 0);
  }
  const sum = (of: ReadonlySet<string>): number =>
    names.reduce((all, name, kind) => all + (of.has(name) ? (sizes[kind] ?? 0) : 0), 0);
  return { objects: sum(OBJECTS), engine: sum(ENGINE) };
}
