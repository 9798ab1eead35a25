import type { ReadFile } from "../sources/read-file.ts";
import type { KubernetesObject, Topic, Topics } from "./topics.ts";

/** Facts that do not stand in the files. */
export interface Assumptions {
  /** ISO date: what is past its end by then is told. */
  readonly today: string;
  /** The version of the cluster, `1.34`; APIs that were removed later are left alone. Without one, every removal counts. */
  readonly kubernetes?: string;
}

/** Everything that was handed in, sorted by what it is. */
export class World {
  readonly subjects: { readonly [T in Exclude<Topic, "world">]: Topics[T][] };
  readonly assumptions: Assumptions;
  /** Paths of all files, also of those that are only there to be named (`.dockerignore`). */
  readonly paths: ReadonlySet<string>;
  readonly notes: { readonly file: string; readonly note: string }[] = [];
  readonly #kinds = new Map<string, KubernetesObject[]>();
  readonly #kept = new Map<string, unknown>();

  constructor(assumptions: Assumptions, paths: Iterable<string>) {
    this.assumptions = assumptions;
    this.paths = new Set(paths);
    this.subjects = {
      file: [],
      document: [],
      object: [],
      pod: [],
      container: [],
      image: [],
      env: [],
      dockerfile: [],
      workflow: [],
      job: [],
      step: [],
      compose: [],
      service: [],
      shell: [],
      build: [],
      resource: [],
      statement: [],
      task: [],
      slipway: [],
      chart: [],
      rules: [],
    };
  }

  add<T extends Exclude<Topic, "world">>(topic: T, subject: Topics[T]): void {
    this.subjects[topic].push(subject);
  }

  addObject(object: KubernetesObject): void {
    this.add("object", object);
    const alike = this.#kinds.get(object.kind);
    if (alike === undefined) this.#kinds.set(object.kind, [object]);
    else alike.push(object);
  }

  /** All objects of a kind. */
  objects(kind: string): readonly KubernetesObject[] {
    return this.#kinds.get(kind) ?? [];
  }

  /** What several subjects ask the whole world, worked out once: or a thousand files would be looked at a thousand times. */
  once<V>(name: string, work: (world: World) => V): V {
    if (!this.#kept.has(name)) this.#kept.set(name, work(this));
    return this.#kept.get(name) as V;
  }

  /** Files that were understood. */
  get files(): readonly ReadFile[] {
    return this.subjects.file;
  }
}
