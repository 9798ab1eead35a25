// Append-only lines are written in batches: one value that the database refuses would hold up every line of the batch, again
// and again. So what a client or a provider chose (a model's name, a count) is made storable here, not trusted to be.

/** Text of at most `most` characters, and at least one, without what PostgreSQL takes in no text: NUL and halves of surrogate pairs. */
export function shortText(text: string, most: number): string {
  const short = text.length <= most ? text : `${text.slice(0, most - 1)}…`;
  const storable = short.toWellFormed();
  const whole = storable.includes("\0") ? storable.replaceAll("\0", "") : storable;
  return whole === "" ? "-" : whole;
}

/** A whole number from 0 to what JavaScript can count exactly. */
export function count(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.trunc(value), 0), Number.MAX_SAFE_INTEGER) : 0;
}
