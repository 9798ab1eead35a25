import type { AnswerTurn } from "./conversation.ts";

/** What has to be said about an answer that did not simply end, by its finish reason. */
const NOTES: Readonly<Record<string, string>> = {
  length: "Cut off: the model reached its limit of output tokens.",
  content_filter: "Ended by a content filter.",
  tool_calls: "The model asked for a tool, and the playground has none to give.",
};

/** A longer answer is announced by its length, so that a screen reader does not read on for minutes unasked. */
const ANNOUNCED_CHARS = 600;

/** Why an answer ended other than by being whole. */
export function noteOf(turn: AnswerTurn): string | undefined {
  if (turn.phase === "stopped") return "Stopped.";
  const note = turn.finishReason === undefined ? undefined : NOTES[turn.finishReason];
  return note ?? (turn.phase === "done" && turn.text === "" ? "The model answered without any text." : undefined);
}

/** Tokens and time of an answer that is over, as far as they are known. */
export function statsOf(turn: AnswerTurn): string {
  const parts: string[] = [];
  if (turn.usage !== undefined) {
    parts.push(`${count(turn.usage.input)} tokens in`, `${count(turn.usage.output)} out`);
  }
  if (turn.durationMs !== undefined) parts.push(duration(turn.durationMs));
  return parts.join(" · ");
}

/** What a screen reader is told about the last answer: that it began and how it ended, never each piece. */
export function announcementOf(turn: AnswerTurn | undefined): string {
  switch (turn?.phase) {
    case "waiting":
    case "streaming":
      return `${turn.model} is answering.`;
    case "stopped":
      return "Answer stopped.";
    case "done":
      return turn.text.length <= ANNOUNCED_CHARS
        ? `Answer: ${turn.text}`
        : `Answer finished, about ${count(turn.text.split(/\s+/).length)} words.`;
    default:
      // A failure announces itself where it is shown.
      return "";
  }
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

function count(value: number): string {
  return value.toLocaleString("en");
}
