import type { Line, Pipeline, Stage } from "../pipeline.ts";

/** The name of a trigger. */
export function triggerName({ system }: Pipeline, name: string): string {
  return `${system}-${name}`;
}

/** Whether somebody must agree before anything is changed. */
export function asks({ spec }: Stage): boolean {
  return spec.environment.approvals.required > 0;
}

/** The environments that a release goes to next. */
export function nextOf({ stages }: Line, { name }: Stage): readonly Stage[] {
  return stages.filter(({ delivery }) => delivery.after === name);
}

/** Project and region of the triggers: those of the connection to the repository. */
export function placeOf({ settings: { repository = "" } }: Pipeline): {
  readonly project: string;
  readonly region: string;
} {
  const [, project = "", region = ""] = /^projects\/([^/]+)\/locations\/([^/]+)\//.exec(repository) ?? [];
  return { project, region };
}
