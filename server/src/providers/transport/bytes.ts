/** Gathers copies of the chunks of a body up to a bound. */
export class BoundedBytes {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False when the chunk does not fit whole; its beginning is kept then. */
  add(chunk: Buffer): boolean {
    const room = this.#limit - this.#length;
    const kept = chunk.length <= room ? chunk : chunk.subarray(0, room);
    this.#chunks.push(Buffer.from(kept));
    this.#length += kept.length;
    return kept === chunk;
  }

  /** What was gathered, as text. */
  text(): string {
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#length);
    return whole.toString("utf8");
  }
}
