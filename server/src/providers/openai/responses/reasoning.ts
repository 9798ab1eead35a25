/** A reasoning item as the one text that a signature is: its id and its sealed content. */
export function packReasoning(id: string, encrypted: string): string {
  return `${id}:${encrypted}`;
}

/** What {@link packReasoning} was given. Sealed content has no colon; ids have none either. */
export function unpackReasoning(signature: string): { readonly id: string; readonly encrypted: string } {
  const at = signature.indexOf(":");
  return { id: signature.slice(0, Math.max(at, 0)), encrypted: signature.slice(at + 1) };
}

/** Models that think, and whose reasoning can be sealed; the others refuse to be asked for it. */
const THINKS = /^(?:o\d|gpt-(?:[5-9]|\d\d)|codex)/;

/** Whether to ask for sealed reasoning. */
export function asksForReasoning(model: string, settings: unknown): boolean {
  return settings !== undefined || (THINKS.test(model) && !model.includes("chat"));
}
