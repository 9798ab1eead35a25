import { SlipwayError } from "@slipway/contracts/errors.ts";

/** What may be asked of a model, as the path says it after the colon. */
export const METHODS = [
  "generateContent",
  "streamGenerateContent",
  "countTokens",
  "embedContent",
  "batchEmbedContents",
] as const;

/** One of {@link METHODS}. */
export type Method = (typeof METHODS)[number];

// A model's name may hold slashes and colons, so the last colon counts. Vercel's client writes a name with a slash in it without
// `models/` before it; below /v1 that could be anything.
const PATH = /^\/(?:v1beta\/|v1\/(?=models\/|tunedModels\/))([^?]+):([A-Za-z]+)$/;

function isMethod(name: string | undefined): name is Method {
  return METHODS.some((method) => method === name);
}

/** The method that a path asks for, or undefined when it is none of this API's. `path` is without its query. */
export function methodOf(path: string): Method | undefined {
  const method = PATH.exec(path)?.[2];
  return isMethod(method) ? method : undefined;
}

/** A request's target, out of its path and query. */
export interface Target {
  readonly model: string;
  readonly method: Method;
  /** The query asks for server-sent events; a stream is one JSON array otherwise. */
  readonly sse: boolean;
}

/** Reads path and query; throws `model_not_found` for a name that is none. */
export function readTarget(url: string): Target {
  const query = url.indexOf("?");
  const found = PATH.exec(query === -1 ? url : url.slice(0, query));
  const method = found?.[2];
  if (!found || !isMethod(method)) throw new Error("a path reached the Gemini dialect that is not one of its own");
  return {
    model: modelName(found[1] ?? ""),
    method,
    sse: query !== -1 && new URLSearchParams(url.slice(query + 1)).get("alt") === "sse",
  };
}

/** The name behind `models/<name>`, where a path escapes what it must; tuned models keep their collection. */
export function modelName(resource: string): string {
  try {
    const name = decodeURIComponent(resource);
    return name.startsWith("models/") ? name.slice("models/".length) : name;
  } catch {
    throw new SlipwayError("model_not_found", "The name of the model in the path is not well encoded.", {
      param: "model",
      hint: "Write /v1beta/models/<model>:<method>, the name percent-encoded.",
    });
  }
}
