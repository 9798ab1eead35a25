/** True for text that a JSON column of PostgreSQL can hold. */
export function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

/** What is told of text that is not: it is refused by name, and not by the database. */
export const UNSTORABLE = "must hold neither NUL nor half of a surrogate pair";
