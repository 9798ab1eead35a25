/** The one of `names` that is fewest typing errors away from `input`, when those are few enough to be typing errors. */
export function nearest(input: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(input.length / 3)) + 1;
  for (const name of names) {
    const errors = typingErrors(input, name);
    if (errors < least) {
      best = name;
      least = errors;
    }
  }
  return best;
}

/** Levenshtein distance: letters added, left out or exchanged. */
function typingErrors(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const exchanged = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
