import type { Guard, GuardResult } from "./guard.ts";

/** A guard's result with the time that it took. */
export interface GuardReport extends GuardResult {
  readonly name: string;
  readonly seconds: number;
}

/**
 * Runs guards, at most `width` at a time, and says of each when it is done. A guard that cannot be run is red.
 */
export async function runGuards(
  root: string,
  guards: readonly Guard[],
  width: number,
  onDone: (report: GuardReport) => void,
): Promise<readonly GuardReport[]> {
  const queue = [...guards];
  const reports: GuardReport[] = [];
  async function work(): Promise<void> {
    for (let guard = queue.shift(); guard !== undefined; guard = queue.shift()) {
      const start = performance.now();
      const result = await guard.run(root).catch(failed);
      const report = { ...result, name: guard.name, seconds: (performance.now() - start) / 1000 };
      reports.push(report);
      onDone(report);
    }
  }
  await Promise.all(Array.from({ length: width }, work));
  return reports;
}

function failed(thrown: unknown): GuardResult {
  return {
    ok: false,
    summary: "could not be run",
    output: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
  };
}
