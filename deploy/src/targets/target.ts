import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { RenderedFile } from "#render/file.ts";
import type { Spec } from "#spec/spec.ts";

/** A system in one environment, and what all its environments have in common (for bases with overlays). */
export interface RenderInput {
  readonly spec: Spec;
  readonly common: Spec;
}

/** A resource as it is rendered. Every field that it has is owned by the user, and no other is. */
export interface DesiredResource {
  /** What names it on the platform, for example `apps/v1/Deployment/agents/router`. */
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One resource as it is on the platform. */
export interface ObservedResource {
  /** The id under which it is rendered. */
  readonly id: string;
  /** What the platform says it is at; a plan is bound to it. */
  readonly version: string;
  /** What the platform tells, its defaults and others' fields included; at best without secrets. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Paths (`spec.template.spec.containers[web].image`) that the platform says Slipway wrote; what is among them and not rendered any more is taken away. */
  readonly owned?: readonly string[];
}

/** How the values of a platform are compared. */
export interface Comparison {
  /** The fields (`name`, `resource.name`) by which the items of the list at `path` are told apart; undefined where it counts as one value. */
  listKey(path: string, items: readonly unknown[]): readonly string[] | undefined;
  /** Whether two scalars at `path` mean the same: platforms write some of them in a way of their own. */
  same(path: string, desired: unknown, observed: unknown): boolean;
}

/** What of a service decides its cost. */
export interface ServiceSize {
  readonly service: string;
  readonly millicores: number;
  readonly mebibytes: number;
  readonly min: number;
  readonly max: number;
}

/** A change of one resource. */
export interface Change {
  readonly id: string;
  readonly action: "create" | "update" | "delete";
  /** What it becomes; absent for `delete`. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The version that was observed; a platform that is elsewhere refuses the change. */
  readonly version?: string;
}

/**
 * What people do without Slipway, in Markdown with the vendor's own commands. Every part is needed: somebody reads it at three
 * in the morning. Lines are told from the folder that the files were written to.
 */
export interface Runbook {
  /** Programs and rights that the commands want. */
  readonly needs: string;
  /** From nothing to what a release wants. */
  readonly bootstrap: string;
  readonly deploy: string;
  readonly rollBack: string;
  /** How a service that is not public is called, with an identity where the platform has them. */
  readonly callPrivate: string;
  readonly debug: string;
}

/** A platform. Stages know this and no member; `observe`, `apply` and `shift` are there when the target can do them. */
export interface Target {
  readonly name: TargetName;
  /** The files of a system, in any order. Pure. Throws `spec_incomplete` when the spec lacks what this platform needs. */
  render(input: RenderInput): readonly RenderedFile[];
  /** Whether the file at this path only says again, in another form, what others of the rendering say. Absent: none does. */
  repeats?(path: string): boolean;
  /** Whether the platform takes a resource away by itself once it has done its work. Absent: it takes none. */
  passes?(resource: DesiredResource): boolean;
  /** How rendered and observed values are compared. Absent: lists by `name`, scalars as they are written. */
  readonly comparison?: Comparison;
  /** The sizes of the services among resources, rendered or observed. Absent: not known. */
  sizes?(resources: readonly DesiredResource[]): readonly ServiceSize[];
  /** What was recorded with the platform's own tool, for example `kubectl get -o json`; undefined when it is no such recording. */
  recorded?(recording: unknown): readonly ObservedResource[] | undefined;
  /** How the files are used without Slipway. Pure, and throws as `render`. */
  runbook(input: RenderInput): Runbook;
  /** What is there of this system now. */
  observe?(spec: Spec, signal: AbortSignal): Promise<readonly ObservedResource[]>;
  /** Makes the changes, in this order. */
  apply?(spec: Spec, changes: readonly Change[], signal: AbortSignal): Promise<void>;
  /** Sends `share` (0 to 1) of a service's requests to a release and the rest to the one before. */
  shift?(spec: Spec, service: string, release: string, share: number, signal: AbortSignal): Promise<void>;
}
