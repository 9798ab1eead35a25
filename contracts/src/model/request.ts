/** A family of wire formats; fields that we do not interpret travel only within one family. */
export type WireFamily = "openai" | "anthropic" | "google";

/**
 * A mark up to which the provider should keep the prompt in its cache. It changes cost and latency, never the answer, so a
 * provider that caches in its own way leaves it out without an error.
 */
export interface CacheMarker {
  /** How long the provider keeps it, in the provider's words; absent: its default. */
  readonly ttl?: "5m" | "1h";
  /** What else the mark says, in the words of one family; a hint like the mark itself. */
  readonly extra?: FamilyFields;
}

/** Where a span of an answer comes from. What a dialect knows no place for stays in `native`. */
export interface Citation {
  readonly url?: string;
  readonly title?: string;
  /** The words that are cited. */
  readonly citedText?: string;
  /** The span of the answer's text that it supports, in UTF-16 code units from the text part's start; the end is exclusive. */
  readonly startIndex?: number;
  readonly endIndex?: number;
  /** The provider's own object, for a dialect of the same family. */
  readonly native?: { readonly family: WireFamily; readonly value: unknown };
}

/** Plain text. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
  readonly cache?: CacheMarker;
  /** Of an assistant's text: where it comes from. */
  readonly citations?: readonly Citation[];
  /** Of an assistant's text: `commentary` on the way, or the `final_answer` (OpenAI). A hint. */
  readonly phase?: string;
}

/** Data that travels in the request, is fetched by the provider, or lies with the provider already. */
export type MediaSource =
  | { readonly kind: "url"; readonly url: string; readonly mediaType?: string }
  | { readonly kind: "base64"; readonly mediaType: string; readonly data: string }
  /** A file that was uploaded to the provider; its id means something there only. */
  | { readonly kind: "id"; readonly family: WireFamily; readonly id: string; readonly mediaType?: string };

/** An image for the model to look at. */
export interface ImagePart {
  readonly type: "image";
  readonly source: MediaSource;
  /** OpenAI's `detail` hint. */
  readonly detail?: string;
  readonly cache?: CacheMarker;
}

/** A document, sound or film for the model to read; its media type says which. */
export interface FilePart {
  readonly type: "file";
  readonly source: MediaSource | { readonly kind: "text"; readonly text: string };
  readonly filename?: string;
  readonly title?: string;
  /** The model should cite this document (Anthropic). */
  readonly citable?: boolean;
  readonly cache?: CacheMarker;
}

/** A call of a tool that the model asked for. */
export interface ToolCallPart {
  readonly type: "tool_call";
  readonly id: string;
  readonly name: string;
  /** The arguments as JSON text, as the model wrote them: it may be malformed. */
  readonly arguments: string;
  /** A signature that must go back with the call (Google's thought signatures). */
  readonly signature?: string;
  readonly signedBy?: WireFamily;
  readonly cache?: CacheMarker;
}

/** The answer of a tool, sent back to the model. */
export interface ToolResultPart {
  readonly type: "tool_result";
  readonly toolCallId: string;
  /** The tool's name; Google needs it, the others know it by the id. */
  readonly name?: string;
  readonly content: readonly (TextPart | ImagePart | FilePart | NativePart)[];
  readonly isError?: boolean;
  readonly cache?: CacheMarker;
}

/** Reasoning that a model gave, kept so that the next turn can hand it back. */
export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
  /** The provider's signature over it (Anthropic, Google thought signatures). */
  readonly signature?: string;
  /** Whose signature it is. A provider of another family leaves such reasoning out, because it would be refused as forged. */
  readonly signedBy?: WireFamily;
}

/**
 * A block of one family's wire format that has no word in ours, such as the call and the result of a tool that the vendor runs
 * itself. It goes back to a provider of that family as it came; to any other it is an error that names it.
 */
export interface NativePart {
  readonly type: "native";
  readonly family: WireFamily;
  readonly value: Readonly<Record<string, unknown>>;
}

export type Part = TextPart | ImagePart | FilePart | ToolCallPart | ToolResultPart | ReasoningPart | NativePart;

/** One message of a conversation. A `tool` message holds tool results only. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  /** Who of several with the same role speaks (OpenAI's Chat Completions). */
  readonly name?: string;
  readonly content: readonly Part[];
}

/**
 * Fields of one family's format that we do not interpret. They travel to a provider of that family as they came; any other
 * refuses the first of them by name, but for those that are hints and change no answer.
 */
export interface FamilyFields {
  readonly family: WireFamily;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A function that the model may ask for. `parameters` is a JSON Schema object. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
  readonly cache?: CacheMarker;
  readonly extra?: FamilyFields;
}

/** A tool that the vendor runs itself (web search, code execution), in its own words; other families refuse it by name. */
export interface NativeTool {
  readonly family: WireFamily;
  /** What it is called where it is refused: `tools[2]`. */
  readonly path: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** How much the model should think before it answers. */
export interface ReasoningSettings {
  /** OpenAI's scale; other providers' budgets are derived from it and documented by each codec. */
  readonly effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";
  /** Tokens that thinking may take; 0 switches it off. Takes precedence over `effort` where both are understood. */
  readonly budgetTokens?: number;
  /** In whose format `budgetTokens` or `adaptive` was asked for, where a model of another family may know neither; absent: in Anthropic's. */
  readonly budgetOf?: WireFamily;
  /**
   * The model chooses how much to think (Anthropic's `adaptive`, Google's budget of -1). False beside an effort: the effort is
   * that of the whole answer and switches no thinking on (Anthropic's `output_config.effort` alone).
   */
  readonly adaptive?: boolean;
  /** Whether the answer should show thoughts or a summary of them. */
  readonly show?: boolean;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** What the answer must look like: free text, any JSON object, or JSON after a schema. */
export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      /** What the answer is for, said to the model. */
      readonly description?: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict?: boolean;
    };

/** One model call as every dialect says it and every provider understands it. */
export interface ModelRequest {
  /** The model name as the caller wrote it; the router replaces it by the target's own. */
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  /** Tools that the vendor runs itself. */
  readonly nativeTools?: readonly NativeTool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly responseFormat?: ResponseFormat;
  readonly reasoning?: ReasoningSettings;
  /** An opaque id of the end user, for the vendor's abuse detection. A hint: left out where there is no place for it. */
  readonly endUser?: string;
  readonly stream: boolean;
  /**
   * Which of its family's formats the request was written in, where there are two; a provider that speaks both answers in the
   * same. Absent: the older one.
   */
  readonly format?: "openai-responses";
  /** Fields of the client's body that we do not interpret, and headers of the family's own, names and values by turns. */
  readonly extra?: FamilyFields & { readonly headers?: readonly string[] };
}

/** The text of a tool's answer; parts that are no text are passed over. */
export function toolResultText(part: ToolResultPart): string {
  let text = "";
  for (const piece of part.content) if (piece.type === "text") text += piece.text;
  return text;
}

/** A tool's answer of plain text. */
export function textResult(text: string): ToolResultPart["content"] {
  return text === "" ? [] : [{ type: "text", text }];
}
