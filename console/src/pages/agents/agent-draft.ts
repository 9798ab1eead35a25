import type { PutAgent } from "@slipway/contracts/api/agents.ts";

/** The bounds of a run that the form asks for. */
export const LIMITS = ["maxOutputTokens", "maxHistoryMessages", "timeoutSeconds"] as const;
type Limit = (typeof LIMITS)[number];

/** What stands in the form: texts, as typed. */
export interface AgentDraft extends Readonly<Record<Limit, string>> {
  readonly name: string;
  readonly description: string;
  readonly instructions: string;
  /** Empty: the server's default. */
  readonly model: string;
}

/** The form before anything is typed. */
export const EMPTY_DRAFT: AgentDraft = {
  name: "",
  description: "",
  instructions: "",
  model: "",
  maxOutputTokens: "",
  maxHistoryMessages: "",
  timeoutSeconds: "",
};

/** An agent's definition as the form shows it. */
export function draftOf(name: string, definition: PutAgent): AgentDraft {
  const { description, instructions, model = "", limits = {} } = definition;
  const bounds = Object.fromEntries(LIMITS.map((limit) => [limit, String(limits[limit] ?? "")]));
  return { ...EMPTY_DRAFT, ...bounds, name, description, instructions, model };
}

/**
 * The definition that the form describes. What the form has no field for stays as it was `before`; what is no number is sent as it was
 * typed, so that the server says what is wrong with it.
 */
export function definitionOf(draft: AgentDraft, before?: PutAgent): PutAgent {
  const { description, instructions } = draft;
  const model = draft.model.trim();
  const limits: Record<string, unknown> = { ...before?.limits };
  for (const limit of LIMITS) {
    const text = draft[limit].trim();
    if (text === "") delete limits[limit];
    else limits[limit] = /^[0-9]+$/.test(text) ? Number(text) : text;
  }
  return {
    description: description.trim(),
    instructions,
    ...(model === "" ? {} : { model }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** The field of the form that an error of the API is about; undefined when it is about none. */
export function fieldOf(param: string | undefined): keyof AgentDraft | undefined {
  const name = param?.replace(/^limits\./, "");
  return Object.keys(EMPTY_DRAFT).find((field): field is keyof AgentDraft => field === name);
}
