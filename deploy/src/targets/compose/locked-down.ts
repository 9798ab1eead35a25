/** What every container is denied. */
export const LOCKED_DOWN = {
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  pids_limit: 512,
} as const;

/**
 * What a container may use at most. Not under `deploy`: Compose 2 refuses limits there beside `pids_limit` ("can't set distinct
 * values"), Compose 1 knows no `pids` there, and only `docker stack` needs that place.
 */
export function bounds(cpus: number, memory: string): Readonly<Record<string, unknown>> {
  return { cpus, mem_limit: memory };
}
