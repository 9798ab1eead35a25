/**
 * How lines look to Cloud Logging, which reads these fields out of JSON on standard output:
 * https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
 */
export interface GoogleLog {
  /** The project whose traces lines are shown with; without one they carry the id alone. */
  readonly project: string | undefined;
}

/** The field that leads from a line to its trace. */
export const TRACE_FIELD = "logging.googleapis.com/trace";

const SEVERITIES: Readonly<Record<string, string>> = { debug: "DEBUG", info: "INFO", warn: "WARNING", error: "ERROR" };

/** The severity of a level. */
export function severityOf(level: string): string {
  return SEVERITIES[level] ?? "DEFAULT";
}

/** What stands before a trace's id, `projects/P/traces/`; undefined without a project. */
export function tracePrefix({ project }: GoogleLog): string | undefined {
  return project === undefined ? undefined : `projects/${project}/traces/`;
}
