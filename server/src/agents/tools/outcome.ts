/** What came of one tool call. */
export interface ToolOutcome {
  /** What the model is told. */
  readonly text: string;
  /** What the tool answered, for clients that show it; the text when it failed or was cut. */
  readonly output: unknown;
  readonly isError: boolean;
}

const MAX_RESULT = 100_000;
const MAX_FAILURE = 2_000;

/** A failure as the model is told of it, at most 2,000 characters. */
export function failure(text: string): ToolOutcome {
  const cut = text.length > MAX_FAILURE ? `${text.slice(0, MAX_FAILURE)}…` : text;
  return { text: cut, output: cut, isError: true };
}

function serialize(value: unknown): string {
  if (value === undefined) return "The tool has run and gave no output.";
  if (typeof value === "string") return value;
  // A function or a symbol has no JSON text at all, which the types do not say.
  const text: unknown = JSON.stringify(value);
  return typeof text === "string" ? text : "null";
}

/** A tool's answer as the model is told of it: text as it is, anything else as JSON, at most 100,000 characters. */
export function success(value: unknown): ToolOutcome {
  let text: string;
  try {
    text = serialize(value);
  } catch (error) {
    return failure(
      `The tool's answer cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (text.length <= MAX_RESULT) return { text, output: value ?? null, isError: false };
  const cut = `${text.slice(0, MAX_RESULT)}\n[The first ${MAX_RESULT} of ${text.length} characters.]`;
  return { text: cut, output: cut, isError: false };
}
