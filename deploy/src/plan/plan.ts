import type { CostChange } from "#cost/change.ts";
import type { RenderedFile } from "#render/file.ts";
import type { Spec } from "#spec/spec.ts";
import type { DesiredResource, ObservedResource, Target } from "../targets/target.ts";
import { differences } from "./compare.ts";
import { desiredOf } from "./desired.ts";
import { hashOf } from "./hash.ts";
import { shownDesired, shownObserved } from "./redact.ts";

/** The form of a plan file; another one is refused. */
export const PLAN_FORMAT = "slipway.plan/1";

/** One field of a change, fit to be shown: secrets are not in it. */
export interface PlannedField {
  readonly path: string;
  /** Empty: it is not there. */
  readonly before: string;
  /** Empty: it is taken away. */
  readonly after: string;
}

/** What will be done to one resource. */
export interface PlannedChange {
  readonly id: string;
  readonly action: "create" | "update" | "delete";
  readonly reason: string;
  /** What the platform keeps in it is lost. */
  readonly losesData: boolean;
  /** Of an update, sorted by path. */
  readonly fields: readonly PlannedField[];
}

/** What a plan holds for, by SHA-256: with any of it changed, the plan is stale. */
export interface PlanBinding {
  /** Of the bytes of `slipway.yaml`. */
  readonly spec: string;
  /** Of every image by its name in the spec; null for one without a digest. */
  readonly digests: Readonly<Record<string, string | null>>;
  /** Of everything that is rendered, so that another version of Slipway does not apply something else. */
  readonly rendered: string;
  /** The version of every resource that was observed. */
  readonly observed: Readonly<Record<string, string>>;
}

/** A plan. It holds no time and nothing secret: the same spec and the same world give the same bytes. */
export interface Plan {
  readonly format: typeof PLAN_FORMAT;
  readonly system: string;
  readonly environment: string;
  readonly target: string;
  readonly bound: PlanBinding;
  /** Creates, then updates, then deletes, each by id. */
  readonly changes: readonly PlannedChange[];
  readonly unchanged: number;
  readonly cost: CostChange;
  /** SHA-256 of the canonical JSON (RFC 8785) of all of the above. */
  readonly hash: string;
}

/** What a plan is made from. */
export interface PlanInput {
  /** The text of `slipway.yaml`. */
  readonly text: string;
  readonly spec: Spec;
  readonly target: Target;
  readonly files: readonly RenderedFile[];
  readonly observed: readonly ObservedResource[];
  readonly cost: (
    desired: readonly DesiredResource[],
    observed: readonly ObservedResource[],
    changes: number,
  ) => CostChange;
}

/** Compares what is rendered with what is there. Pure. */
export function makePlan({ text, spec, target, files, observed, cost }: PlanInput): Plan {
  const desired = desiredOf(target, files);
  const there = new Map(observed.map((resource) => [resource.id, resource]));
  const wanted = new Set(desired.map(({ id }) => id));
  const passes = (resource: DesiredResource): boolean => target.passes?.(resource) === true;
  const missing = desired.filter(({ id }) => !there.has(id));
  const updates = desired.flatMap((resource) => {
    const before = there.get(resource.id);
    return before === undefined ? [] : update(resource, before, target);
  });
  // Where all else is as rendered, what passes has been there and done its work.
  const isDone = updates.length === 0 && missing.every(passes);
  const creates = isDone ? [] : missing.map((resource) => creation(resource));
  const deletes = observed
    .filter((resource) => !wanted.has(resource.id) && !passes(resource))
    .map(({ id }) => id)
    .sort()
    .map((id) => deletion(id));
  const changes = [...creates, ...updates, ...deletes];
  const body = {
    format: PLAN_FORMAT,
    system: spec.name,
    environment: spec.environmentName ?? "",
    target: target.name,
    bound: bindingOf({ text, spec, desired, observed }),
    changes,
    unchanged: desired.length - creates.length - updates.length,
    cost: cost(desired, observed, changes.length),
  } as const;
  return { ...body, hash: hashOf(body) };
}

/** What a plan of these is bound to. */
export function bindingOf(of: {
  readonly text: string;
  readonly spec: Spec;
  readonly desired: readonly DesiredResource[];
  readonly observed: readonly ObservedResource[];
}): PlanBinding {
  const digests = Object.entries(of.spec.images).flatMap(([name, image]) =>
    image === undefined ? [] : [[name, /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? null] as const],
  );
  const versions = of.observed.map(({ id, version }) => [id, plainVersion(version)] as const);
  return {
    spec: hashOf(of.text),
    digests: sorted(digests),
    rendered: hashOf(of.desired),
    observed: sorted(versions),
  };
}

function sorted<Value>(entries: readonly (readonly [string, Value])[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Versions are the platform's: a counter, a tag, a sum. What looks otherwise is not written down as it is. */
function plainVersion(version: string): string {
  return /^[\w.:/+="-]{1,100}$/.test(version) ? version : `sha256:${hashOf(version)}`;
}

function creation({ id }: DesiredResource): PlannedChange {
  return { id, action: "create", reason: "is rendered and not there", losesData: false, fields: [] };
}

function update(resource: DesiredResource, before: ObservedResource, target: Target): readonly PlannedChange[] {
  const { id } = resource;
  const found = differences(resource, before, target.comparison);
  if (found.length === 0) return [];
  const fields = found.map(({ path, before: old, after }) => ({
    path,
    before: shownObserved(id, path, old),
    after: shownDesired(id, path, after),
  }));
  const gone = found.filter(({ after }) => after === undefined).length;
  const parts = [
    ...(found.length > gone ? [`${count(found.length - gone, "field")} not as rendered`] : []),
    ...(gone > 0 ? [`${count(gone, "field")} rendered no more`] : []),
  ];
  return [{ id, action: "update", reason: parts.join(", "), losesData: false, fields }];
}

/** Kinds that hold data which goes with them. */
const HOLDS_DATA =
  /(^|\/)(Namespace|PersistentVolumeClaim|PersistentVolume|StatefulSet)\/|^volume\/|AWS::(RDS|DynamoDB|S3|ElastiCache|EFS|Logs)::/;

function deletion(id: string): PlannedChange {
  return { id, action: "delete", reason: "is there and rendered no more", losesData: HOLDS_DATA.test(id), fields: [] };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
