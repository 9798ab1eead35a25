/** Compose replaces `$NAME`; this is what it takes as it stands. */
export function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}
