/** Whether the arguments of a call are all there: what is written of them is JSON. */
export function isWhole(json: string): boolean {
  const text = json.trim();
  // Asked of every piece while something waits: most are not read for it.
  if (text.startsWith("{") && !text.endsWith("}")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
