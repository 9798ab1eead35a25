/** Gathers copies of the chunks of a body up to a bound. */
export class BoundedBytes {
  readonly #limit: number;
  readonly #expected: number;
  /** The body, when it came in one chunk. */
  #text: string | undefined;
  #chunks: Buffer[] = [];
  #length = 0;

  /** `expected`: the length that the body says it has; one that then comes in one chunk is never anything but text. -1: it does not say. */
  constructor(limit: number, expected = -1) {
    this.#limit = limit;
    this.#expected = expected;
  }

  /** False when the chunk does not fit whole; its beginning is kept then. */
  add(chunk: Buffer): boolean {
    if (chunk.length === this.#expected && this.#length === 0 && chunk.length <= this.#limit) {
      this.#length = chunk.length;
      this.#text = chunk.toString("utf8");
      return true;
    }
    const room = this.#limit - this.#length;
    const kept = chunk.length <= room ? chunk : chunk.subarray(0, room);
    this.#chunks.push(Buffer.from(kept));
    this.#length += kept.length;
    return kept === chunk;
  }

  /** What was gathered, as text. */
  text(): string {
    if (this.#text !== undefined) return this.#text;
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#length);
    return whole.toString("utf8");
  }
}
