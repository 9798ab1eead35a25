import type { ModelEvent } from "@slipway/contracts/model/event.ts";

/** Characters of an answer that are kept to be counted; of what comes after them only the number is. */
const KEPT = 16_384;

/** Text of which the beginning is kept. */
export interface Sampled {
  readonly text: string;
  /** Characters of the whole. */
  readonly length: number;
}

/** What a call has said so far, as far as an estimate needs it. */
export class Said {
  #text = "";
  #length = 0;
  #reasoning = "";
  #reasoningLength = 0;

  add(event: ModelEvent): void {
    switch (event.type) {
      case "text":
      case "refusal":
        return this.#add(event.text);
      case "tool_call_delta":
        return this.#add(event.arguments);
      case "tool_call_start":
        return this.#add(event.name);
      case "reasoning":
        this.#reasoningLength += event.text.length;
        if (this.#reasoning.length < KEPT) this.#reasoning += event.text;
        return;
      // Blocks of a vendor's own tools are what it read, not what the model wrote.
      case "native":
      case "citation":
      case "text_end":
      case "start":
      case "finish":
        return;
    }
  }

  get output(): Sampled {
    return { text: this.#text, length: this.#length };
  }

  get reasoning(): Sampled {
    return { text: this.#reasoning, length: this.#reasoningLength };
  }

  /** Characters of all. */
  get length(): number {
    return this.#length + this.#reasoningLength;
  }

  #add(text: string): void {
    this.#length += text.length;
    if (this.#text.length < KEPT) this.#text += text;
  }
}
