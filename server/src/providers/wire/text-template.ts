// When so many chunks in a row were not like the one before, the upstream's are never alike.
const MAX_MISSES = 8;

/** OpenAI pads each chunk with random text of this name, so that its length tells nothing of what it says. */
const PADDING = '"obfuscation":"';
/** OpenAI's Responses count their events by this name. */
const COUNTER = '"sequence_number":';
const ZERO = 48;
const NINE = 57;

// A slice is a view of the string that it was cut from: dear to compare with, and it keeps all of that alive.
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** What ends a string in JSON, or makes it another one than it looks. */
function isMarked(text: string): boolean {
  return text.includes('"') || text.includes("\\");
}

/** Where the whole number that begins at `at` ends; `at` where there is none. */
function numberEnd(data: string, at: number): number {
  let end = at;
  for (let code = data.charCodeAt(end); code >= ZERO && code <= NINE; code = data.charCodeAt(end)) end += 1;
  // No number in JSON begins with a zero and goes on.
  return end > at + 1 && data.charCodeAt(at) === ZERO ? at : end;
}

/**
 * Reads the text out of a streamed chunk without parsing its JSON, where the chunk is like an earlier one but for the text, and
 * for the padding and the number that OpenAI gives each, which say nothing.
 *
 * That is sound because the text of the earlier chunk was found between quotes at one place only, in JSON without a backslash,
 * and the new text holds neither quote nor backslash: put in the same place it is the same value of the same field. The same
 * holds for the padding, and for a whole number in the place of a whole number. A streamed
 * answer is made of hundreds of chunks that differ so, and parsing them is the dearest part of handing them on.
 */
export class TextTemplate {
  #prefix: string | undefined;
  /** What stands between the number and the text; undefined: there is no number, and the prefix ends where the text begins. */
  #counted: string | undefined;
  /** What stands between the text and the padding; undefined: there is no padding, and the suffix begins where the text ends. */
  #padded: string | undefined;
  #suffix = "";
  #misses = 0;

  /** The text of the chunk, or undefined when the chunk has to be parsed. */
  match(data: string): string | undefined {
    const prefix = this.#prefix;
    // A comparison of slices is a third of what startsWith and endsWith take.
    if (prefix === undefined || data.slice(0, prefix.length) !== prefix) return undefined;
    const start = this.#counted === undefined ? prefix.length : this.#textStart(data, prefix.length, this.#counted);
    const rest = data.length - this.#suffix.length;
    if (start === -1 || rest < start || data.slice(rest) !== this.#suffix) return undefined;
    const end = this.#padded === undefined ? rest : this.#textEnd(data, start, rest, this.#padded);
    if (end === -1) return undefined;
    const text = data.slice(start, end);
    if (isMarked(text)) return undefined;
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
    const start = at + 1;
    const end = at + literal.length - 1;
    const number = data.lastIndexOf(COUNTER, at) + COUNTER.length;
    const counted = number >= COUNTER.length && numberEnd(data, number) > number;
    this.#prefix = copyOf(data.slice(0, counted ? number : start));
    this.#counted = counted ? copyOf(data.slice(numberEnd(data, number), start)) : undefined;
    const padding = data.indexOf(PADDING, end);
    const filled = padding + PADDING.length;
    this.#padded = padding === -1 ? undefined : copyOf(data.slice(end, filled));
    this.#suffix = copyOf(data.slice(padding === -1 ? end : data.indexOf('"', filled)));
  }

  /** After a number and what stands behind it, or -1. */
  #textStart(data: string, at: number, counted: string): number {
    const number = numberEnd(data, at);
    const start = number + counted.length;
    return number > at && data.slice(number, start) === counted ? start : -1;
  }

  /** Before what stands in front of the padding, which goes up to `rest`; or -1. */
  #textEnd(data: string, start: number, rest: number, padded: string): number {
    const end = data.indexOf('"', start);
    const padding = end + padded.length;
    if (end === -1 || padding > rest || data.slice(end, padding) !== padded) return -1;
    return isMarked(data.slice(padding, rest)) ? -1 : end;
  }
}
