/** What every container is denied. */
export const LOCKED_DOWN = {
  read_only: true,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  pids_limit: 512,
} as const;

/** What a container may use at most. */
export function bounds(cpus: string, memory: string): Readonly<Record<string, unknown>> {
  return { deploy: { resources: { limits: { cpus, memory } } } };
}
