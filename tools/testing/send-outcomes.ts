import { writeSync } from "node:fs";
import { inspect } from "node:util";
import { createTranslator, type Outcome, type RunnerEvent } from "./outcome.ts";

/** The descriptor on which the process that started this one listens. */
const CHANNEL = 3;

/** An error without the wrapper that `node:test` puts around it. */
function describe(error: unknown): string {
  const inner =
    error instanceof Error && error.cause !== undefined && Reflect.has(error, "failureType") ? error.cause : error;
  return typeof inner === "string" ? inner : inspect(inner, { depth: 4 });
}

/** Writes a line at once and whole: what waits in a queue is lost when the runner forces its end. */
function send(outcome: Outcome): void {
  const bytes = Buffer.from(`${JSON.stringify(outcome)}\n`);
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(CHANNEL, bytes, offset);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
    }
  }
}

/** A reporter for `node --test` that sends every outcome to the process that started it. */
export default async function sendOutcomes(events: AsyncIterable<RunnerEvent>): Promise<void> {
  const translate = createTranslator(describe);
  for await (const event of events) {
    const outcome = translate(event);
    if (outcome !== undefined) send(outcome);
  }
}
