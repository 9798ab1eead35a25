import { inspect } from "node:util";
import { createTranslator, type RunnerEvent } from "./outcome.ts";

/** An error without the wrapper that `node:test` puts around it. */
function describe(error: unknown): string {
  const inner =
    error instanceof Error && error.cause !== undefined && Reflect.has(error, "failureType") ? error.cause : error;
  return typeof inner === "string" ? inner : inspect(inner, { depth: 4 });
}

/** A reporter for `node --test` that sends every outcome to the process that started it. */
export default async function sendOutcomes(events: AsyncIterable<RunnerEvent>): Promise<void> {
  const translate = createTranslator(describe);
  for await (const event of events) {
    const outcome = translate(event);
    if (outcome !== undefined) process.send?.(outcome);
  }
}
