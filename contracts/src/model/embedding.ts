import type { FamilyFields, WireFamily } from "./request.ts";
import type { Usage } from "./usage.ts";

/** One thing to turn into a vector. */
export type EmbeddingInput =
  | { readonly kind: "text"; readonly text: string }
  /** Tokens of the model's own vocabulary, which is how OpenAI takes text that the client has cut itself. */
  | { readonly kind: "tokens"; readonly tokens: readonly number[] }
  /** A request in one family's own words, such as Google's with an image or a task type; other families refuse it by name. */
  | {
      readonly kind: "native";
      readonly family: WireFamily;
      /** What it is called where it is refused: `requests[2].taskType`. */
      readonly path: string;
      readonly value: Readonly<Record<string, unknown>>;
    };

/** A call of an embedding model. */
export interface EmbeddingRequest {
  /** The model name as the caller wrote it; the router replaces it by the target's own. */
  readonly model: string;
  /** At least one. */
  readonly input: readonly EmbeddingInput[];
  /** Length of the vectors, where the model can be asked for one. */
  readonly dimensions?: number;
  /** How the client wants the vectors; a provider may give them otherwise. */
  readonly encoding: "float" | "base64";
  readonly endUser?: string;
  readonly extra?: FamilyFields;
}

/** Numbers, or base64 of 32-bit floats, least significant byte first. */
export type EmbeddingVector = readonly number[] | string;

/** One vector for each input, in the order of the inputs. */
export interface EmbeddingAnswer {
  /** The model that the provider says has answered. */
  readonly model: string | undefined;
  readonly vectors: readonly EmbeddingVector[];
  /** Absent when the provider gave no figures. */
  readonly usage: Usage | undefined;
}
