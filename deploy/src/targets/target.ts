import type { TargetName } from "@slipway/contracts/spec/environment.ts";
import type { RenderedFile } from "#render/file.ts";
import type { Spec } from "#spec/spec.ts";

/** A system in one environment, and what all its environments have in common (for bases with overlays). */
export interface RenderInput {
  readonly spec: Spec;
  readonly common: Spec;
}

/** One resource as it is on the platform: by whom which fields are owned is the target's knowledge. */
export interface ObservedResource {
  /** What names it on the platform, for example `apps/v1/Deployment/agents/router`. */
  readonly id: string;
  /** What the platform says it is at; a plan is bound to it. */
  readonly version: string;
  /** The fields that the user owns, secrets left out. */
  readonly fields: Readonly<Record<string, unknown>>;
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

/** A platform. Stages know this and no member; `observe`, `apply` and `shift` are there when the target can do them. */
export interface Target {
  readonly name: TargetName;
  /** The files of a system, in any order. Pure. Throws `spec_incomplete` when the spec lacks what this platform needs. */
  render(input: RenderInput): readonly RenderedFile[];
  /** What is there of this system now. */
  observe?(spec: Spec, signal: AbortSignal): Promise<readonly ObservedResource[]>;
  /** Makes the changes, in this order. */
  apply?(spec: Spec, changes: readonly Change[], signal: AbortSignal): Promise<void>;
  /** Sends `share` (0 to 1) of a service's requests to a release and the rest to the one before. */
  shift?(spec: Spec, service: string, release: string, share: number, signal: AbortSignal): Promise<void>;
}
