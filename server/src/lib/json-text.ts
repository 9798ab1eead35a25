// Most short texts need no escapes, and looking is a fraction of what a call of JSON.stringify costs.
const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

/** The text as JSON, with its quotes. */
export function jsonText(text: string): string {
  return NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}
