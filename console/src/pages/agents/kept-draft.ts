import type { AgentDraft } from "./agent-draft.ts";

/** Which form a draft stands in, and whose it is. */
export interface DraftPlace {
  readonly owner: string;
  /** The version of the agent that is changed; another version is another form. */
  readonly version: string;
}

let kept: (DraftPlace & { readonly draft: AgentDraft }) | undefined;

/** Keeps what was typed for who comes back from signing in again, in this tab's memory alone. */
export function keepDraft({ owner, version }: DraftPlace, draft: AgentDraft): void {
  kept = { owner, version, draft };
}

/** What was typed in this form before the session ended; somebody else who signs in finds nothing, nor does another form. */
export function keptDraft({ owner, version }: DraftPlace): AgentDraft | undefined {
  return kept?.owner === owner && kept.version === version ? kept.draft : undefined;
}

/** From here on there is none: it stands in its form again, or it is somebody else's turn. */
export function forgetDraft(): void {
  kept = undefined;
}
