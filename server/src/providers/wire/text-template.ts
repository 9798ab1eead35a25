// When so many chunks in a row were not like the one before, the upstream's are never alike: OpenAI pads each with random text.
const MAX_MISSES = 8;

// A slice is a view of the string that it was cut from: dear to compare with, and it keeps all of that alive.
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/**
 * Reads the text out of a streamed chunk without parsing its JSON, where the chunk is like an earlier one but for the text.
 *
 * That is sound because the text of the earlier chunk was found between quotes at one place only, in JSON without a backslash,
 * and the new text holds neither quote nor backslash: put in the same place it is the same value of the same field. A streamed
 * answer is made of hundreds of chunks that differ so, and parsing them is the dearest part of handing them on.
 */
export class TextTemplate {
  #prefix: string | undefined;
  #suffix = "";
  #misses = 0;

  /** The text of the chunk, or undefined when the chunk has to be parsed. */
  match(data: string): string | undefined {
    const prefix = this.#prefix;
    if (prefix === undefined) return undefined;
    const end = data.length - this.#suffix.length;
    // A comparison of slices is a third of what startsWith and endsWith take.
    if (end < prefix.length || data.slice(0, prefix.length) !== prefix || data.slice(end) !== this.#suffix)
      return undefined;
    const text = data.slice(prefix.length, end);
    if (text.includes('"') || text.includes("\\")) return undefined;
    this.#misses = 0;
    return text;
  }

  /** Takes a parsed chunk that said this text and nothing else. */
  learn(data: string, text: string): void {
    if (this.#misses > MAX_MISSES) return;
    this.#misses += 1;
    this.#prefix = undefined;
    const literal = `"${text}"`;
    const at = data.indexOf(literal);
    if (at === -1 || data.includes("\\") || data.includes(literal, at + 1)) return;
    this.#prefix = copyOf(data.slice(0, at + 1));
    this.#suffix = copyOf(data.slice(at + literal.length - 1));
  }
}
