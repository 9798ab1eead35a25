import type { Place } from "../finding.ts";
import type { Cursor } from "../sources/cursor.ts";
import type { Dockerfile } from "../sources/dockerfile.ts";
import type { ReadFile } from "../sources/read-file.ts";
import type { Shell } from "../sources/shell.ts";
import type { World } from "./world.ts";

/** A Kubernetes object, a Cloud Run service (which has the same form) or a custom resource. */
export interface KubernetesObject extends Place {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly node: Cursor;
}

/** The pods that an object starts. */
export interface Pod extends Place {
  readonly object: KubernetesObject;
  /** `spec` of the pod. */
  readonly spec: Cursor;
  readonly labels: ReadonlyMap<string, string>;
  /** Runs on Cloud Run, which decides about privileges itself. */
  readonly managed: boolean;
  /** Ends by itself: a Job's or CronJob's. */
  readonly job: boolean;
  readonly containers: readonly Container[];
}

/** One container of a pod. */
export interface Container extends Place {
  readonly object: KubernetesObject;
  readonly pod: Cursor;
  readonly node: Cursor;
  readonly name: string;
  readonly init: boolean;
  readonly managed: boolean;
  readonly job: boolean;
}

/** An image that something runs or builds on. */
export interface ImageUse extends Place {
  readonly ref: string;
  readonly node?: Cursor;
}

/** An environment variable with a value that stands in the file. */
export interface EnvUse extends Place {
  readonly name: string;
  readonly value: string;
  readonly where: "kubernetes" | "compose" | "dockerfile" | "workflow" | "cloudbuild" | "ecs" | "cloudformation";
  /** Of something that only tests. */
  readonly testing: boolean;
}

/** A job of a GitHub Actions workflow. */
export interface Job extends Place {
  readonly workflow: Cursor;
  readonly id: string;
  readonly node: Cursor;
  readonly steps: readonly Step[];
}

/** A step of a job or of a composite action. */
export interface Step extends Place {
  readonly node: Cursor;
  readonly uses: string;
  readonly run: string;
}

/** A resource of a CloudFormation or SAM template. */
export interface CloudResource extends Place {
  readonly id: string;
  readonly type: string;
  readonly node: Cursor;
  readonly properties: Cursor;
  readonly template: Cursor;
}

/** A service of a Compose file. */
export interface ComposeService extends Place {
  readonly name: string;
  readonly node: Cursor;
}

/** A container definition of an ECS task. */
export interface TaskContainer extends Place {
  readonly node: Cursor;
  /** A member by its name in either spelling, JSON's `logConfiguration` or CloudFormation's `LogConfiguration`. */
  readonly get: (name: string) => Cursor;
}

/** What a rule can be asked about, by topic. */
export interface Topics {
  readonly file: ReadFile;
  readonly document: Cursor;
  readonly object: KubernetesObject;
  readonly pod: Pod;
  readonly container: Container;
  readonly image: ImageUse;
  readonly env: EnvUse;
  readonly dockerfile: Dockerfile;
  readonly workflow: Cursor;
  readonly job: Job;
  readonly step: Step;
  readonly compose: Cursor;
  readonly service: ComposeService;
  readonly shell: Shell;
  readonly build: Cursor;
  readonly resource: CloudResource;
  readonly statement: Cursor;
  readonly task: TaskContainer;
  readonly slipway: Cursor;
  readonly chart: Cursor;
  /** A group of Prometheus rules. */
  readonly rules: Cursor;
  /** All of it, once. */
  readonly world: World;
}
export type Topic = keyof Topics;
