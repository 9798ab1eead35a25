/** A family of wire formats; fields that we do not interpret travel only within one family. */
export type WireFamily = "openai" | "anthropic" | "google";

/** Plain text. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** An image for the model to look at: a URL it may fetch, or base64 data with its media type. */
export interface ImagePart {
  readonly type: "image";
  readonly source:
    | { readonly kind: "url"; readonly url: string }
    | { readonly kind: "base64"; readonly mediaType: string; readonly data: string };
  /** OpenAI's `detail` hint. */
  readonly detail?: string;
}

/** A call of a tool that the model asked for. */
export interface ToolCallPart {
  readonly type: "tool_call";
  readonly id: string;
  readonly name: string;
  /** The arguments as JSON text, as the model wrote them: it may be malformed. */
  readonly arguments: string;
}

/** The answer of a tool, sent back to the model. */
export interface ToolResultPart {
  readonly type: "tool_result";
  readonly toolCallId: string;
  /** The tool's name; Google needs it, the others know it by the id. */
  readonly name?: string;
  readonly text: string;
  readonly isError?: boolean;
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

export type Part = TextPart | ImagePart | ToolCallPart | ToolResultPart | ReasoningPart;

/** One message of a conversation. A `tool` message holds tool results only. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: readonly Part[];
}

/** A function that the model may ask for. `parameters` is a JSON Schema object. */
export interface ToolDefinition {
  readonly name: string;
  readonly description?: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
}

export type ToolChoice = "auto" | "none" | "required" | { readonly name: string };

/** What the answer must look like: free text, any JSON object, or JSON after a schema. */
export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict?: boolean;
    };

/** One model call as every dialect says it and every provider understands it. */
export interface ModelRequest {
  /** The model name as the caller wrote it; the router replaces it by the target's own. */
  readonly model: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly maxOutputTokens?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  readonly responseFormat?: ResponseFormat;
  readonly stream: boolean;
  /** Fields of the client's body that we do not interpret, by the family that understands them. */
  readonly extra?: { readonly family: WireFamily; readonly fields: Readonly<Record<string, unknown>> };
}
