/** Where lines begin, to tell an offset's line in O(log n). */
export class Lines {
  readonly #starts: number[] = [0];
  readonly #first: number;
  readonly text: string;

  /** `first` is the number of the text's first line: not 1 when it was cut out of a file. */
  constructor(text: string, first = 1) {
    this.text = text;
    this.#first = first;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  at(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + this.#first;
  }

  /** The offsets of a line, its line break included. */
  span(line: number): { readonly start: number; readonly end: number } {
    const index = line - this.#first;
    return { start: this.#starts[index] ?? this.text.length, end: this.#starts[index + 1] ?? this.text.length };
  }
}
