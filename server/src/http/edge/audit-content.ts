import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import type { AnswerFold } from "@slipway/contracts/model/fold.ts";
import type { AuditContent, LevelOf } from "#audit/audit.ts";

/** What is kept of an exchange at this level; `answer` as far as it has come. */
export function contentAt(
  level: ReturnType<LevelOf>,
  request: unknown,
  answer: AnswerFold | undefined,
): AuditContent | undefined {
  if (level === "request") return { request };
  return level === "full" ? { request, response: answer?.answer() } : undefined;
}

/** Hands events on and gathers them on the way. */
export class FoldedSink implements ModelEventSink {
  readonly #sink: ModelEventSink;
  readonly #fold: AnswerFold;

  constructor(sink: ModelEventSink, fold: AnswerFold) {
    this.#sink = sink;
    this.#fold = fold;
  }

  event(event: ModelEvent): void {
    this.#fold.event(event);
    this.#sink.event(event);
  }

  end(): void {
    this.#sink.end();
  }

  fail(error: SlipwayError): void {
    this.#sink.fail(error);
  }
}
