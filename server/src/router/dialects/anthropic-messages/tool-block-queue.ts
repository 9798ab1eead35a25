import { isWhole } from "../is-whole.ts";

/** A call that has begun and whose block is not open yet. */
export interface WaitingCall {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly signature: { readonly signature?: string; readonly signedBy?: "openai" | "anthropic" | "google" };
  arguments: string;
}

/**
 * Puts calls one after another: providers may write several at a time, and in Anthropic's streams only one block is open. A call
 * that begins while another's arguments are unfinished waits until they are whole, or until the calls are over.
 */
export class ToolBlockQueue {
  #open: { readonly index: number; json: string } | undefined;
  readonly #waiting: WaitingCall[] = [];
  readonly #openBlock: (call: WaitingCall) => string;
  readonly #delta: (json: string) => string;

  /** `openBlock` closes whatever block is open, and opens the call's; `delta` writes a piece of arguments into it. */
  constructor(openBlock: (call: WaitingCall) => string, delta: (json: string) => string) {
    this.#openBlock = openBlock;
    this.#delta = delta;
  }

  /** Some of what has begun is not all there: nothing else can be written yet. */
  get unfinished(): boolean {
    return this.#open !== undefined && (this.#waiting.length > 0 || !isWhole(this.#open.json));
  }

  /** Whether this call has begun, and is still to be written or may go on. */
  has(index: number): boolean {
    return this.#open?.index === index || this.#waiting.some((call) => call.index === index);
  }

  start(call: WaitingCall): string {
    this.#waiting.push(call);
    return this.#advance();
  }

  arguments(index: number, json: string): string {
    if (json === "") return "";
    if (this.#open?.index === index) {
      this.#open.json += json;
      const text = this.#delta(json);
      return this.#waiting.length === 0 ? text : text + this.#advance();
    }
    const call = this.#waiting.find((waiting) => waiting.index === index);
    if (call) call.arguments += json;
    return "";
  }

  /** Writes the calls that still wait: something else comes, or the answer is over. */
  flush(): string {
    if (this.#open === undefined) return "";
    let text = "";
    for (const call of this.#waiting.splice(0)) text += this.#begin(call);
    this.#open = undefined;
    return text;
  }

  #advance(): string {
    let text = "";
    while (this.#open === undefined || isWhole(this.#open.json)) {
      const call = this.#waiting.shift();
      if (!call) break;
      text += this.#begin(call);
    }
    return text;
  }

  #begin(call: WaitingCall): string {
    this.#open = { index: call.index, json: call.arguments };
    const head = this.#openBlock(call);
    return call.arguments === "" ? head : head + this.#delta(call.arguments);
  }
}
