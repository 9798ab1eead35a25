/** Whether the arguments of a call are all there: what is written of them is JSON. */
export function isWhole(json: string): boolean {
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
