import { SlipwayError } from "@slipway/contracts/errors.ts";
import { newId } from "#lib/ids.ts";
import type { ModelEventOutput } from "../../codec.ts";
import { objectOf, textOf } from "../json.ts";

const MAX_CALLS = 1_000;

interface OpenCall {
  readonly index: number;
  id: string | undefined;
  name: string | undefined;
  started: boolean;
  /** Arguments that came before the name did. */
  held: string;
}

/**
 * Puts the fragments of tool calls together. OpenAI gives each call an index and its id and name with the first fragment; other
 * upstreams give every call the index 0, no index at all, or no id, and these are told apart here.
 */
export class ToolCallAssembly {
  readonly #provider: string;
  readonly #output: ModelEventOutput;
  readonly #slots = new Map<number, OpenCall>();
  #count = 0;
  #last: OpenCall | undefined;

  constructor(provider: string, output: ModelEventOutput) {
    this.#provider = provider;
    this.#output = output;
  }

  add(fragments: readonly unknown[]): void {
    for (const fragment of fragments) this.#fragment(objectOf(fragment));
  }

  /** Called when the answer is over: a call that never got a name was none. */
  end(): void {
    if (this.#last && !this.#last.started) {
      throw new SlipwayError(
        "provider_stream_broken",
        `The provider ${this.#provider} sent a tool call without a name.`,
      );
    }
  }

  #fragment(fragment: Readonly<Record<string, unknown>>): void {
    const fn = objectOf(fragment["function"]);
    const id = textOf(fragment["id"]);
    const name = textOf(fn["name"]);
    const call = this.#find(typeof fragment["index"] === "number" ? fragment["index"] : undefined, id, name);
    call.id ??= id;
    call.name ??= name;
    const text = typeof fn["arguments"] === "string" ? fn["arguments"] : "";
    if (!call.started && call.name === undefined) {
      call.held += text;
      return;
    }
    if (!call.started) {
      call.started = true;
      call.id ??= newId("call");
      // Google's upstream in this format signs calls.
      const signature = textOf(objectOf(objectOf(fragment["extra_content"])["google"])["thought_signature"]);
      this.#output.event({
        type: "tool_call_start",
        index: call.index,
        id: call.id,
        name: call.name ?? "",
        ...(signature === undefined ? {} : { signature, signedBy: "google" as const }),
      });
    }
    const delta = call.held + text;
    call.held = "";
    if (delta !== "") this.#output.event({ type: "tool_call_delta", index: call.index, arguments: delta });
  }

  #find(slot: number | undefined, id: string | undefined, name: string | undefined): OpenCall {
    const open = slot === undefined ? this.#last : this.#slots.get(slot);
    const other = open !== undefined && id !== undefined && open.id !== undefined && open.id !== id;
    const nameless = slot === undefined && id === undefined && name !== undefined && open?.name !== undefined;
    if (open && !other && !nameless) return (this.#last = open);
    if (this.#count >= MAX_CALLS) {
      throw new SlipwayError(
        "provider_stream_broken",
        `The provider ${this.#provider} sent more than ${MAX_CALLS} tool calls.`,
      );
    }
    const call: OpenCall = { index: this.#count, id: undefined, name: undefined, started: false, held: "" };
    this.#count += 1;
    if (slot !== undefined) this.#slots.set(slot, call);
    return (this.#last = call);
  }
}
