import { SlipwayError } from "@slipway/contracts/errors.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { arrayOf } from "../wire/json.ts";

// As much as one event may hold (transport/settings.ts): a block in pieces is not allowed more than a block in one.
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** A streamed block of a type that we have no word for, gathered until it is whole. */
export class NativeBlock {
  readonly #value: Record<string, unknown>;
  #json = "";
  #size = 0;

  constructor(block: JsonObject) {
    this.#value = { ...block };
  }

  /** Texts grow, `partial_json` is the block's `input`, everything else stands as it came last. */
  grow(delta: JsonObject): void {
    for (const key in delta) {
      const piece = delta[key];
      if (key === "type") continue;
      this.#count(piece);
      const before = this.#value[key];
      if (key === "partial_json" && typeof piece === "string") this.#json += piece;
      else if (key === "citation") this.#value["citations"] = [...arrayOf(this.#value["citations"]), piece];
      else this.#value[key] = typeof before === "string" && typeof piece === "string" ? before + piece : piece;
    }
  }

  /** The block as a whole answer would hold it. */
  value(): JsonObject {
    if (this.#json.trim() !== "") this.#value["input"] = parseInput(this.#json);
    return this.#value;
  }

  #count(piece: unknown): void {
    if (typeof piece === "string") this.#size += piece.length;
    if (this.#size > MAX_CHARACTERS) {
      throw new SlipwayError(
        "provider_answer_unusable",
        `The provider anthropic sent a block of more than ${MAX_CHARACTERS} characters.`,
      );
    }
  }
}

/**
 * A model that came to the bound of its answer leaves an input unfinished, and nothing is wrong with the answer or the stream: it stands
 * in an object, which can be sent back and taken for no input that was meant.
 */
function parseInput(json: string): JsonObject {
  try {
    const input: unknown = JSON.parse(json);
    if (isObject(input)) return input;
  } catch {
    // Told below, with the other texts that are no object.
  }
  return { malformed_arguments: json };
}
