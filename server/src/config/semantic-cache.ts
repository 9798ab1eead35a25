import type { EnvironmentReader } from "./reader.ts";

/** How questions are compared by what they mean. */
export interface SemanticCacheSettings {
  /** The embedding model, as a client would name it. */
  readonly model: string;
  /** The least cosine of two questions that are given one answer, where neither route nor request says. */
  readonly threshold: number;
  readonly timeoutMs: number;
  /** Bytes of vectors in this process. */
  readonly maxBytes: number;
}

// As Portkey has it (SEMANTIC_CACHE_SIMILARITY_THRESHOLD): a wrong answer costs more than a call.
const DEFAULT_THRESHOLD = 0.95;

/** `SEMANTIC_CACHE_…`. */
export function readSemanticCache(env: EnvironmentReader): SemanticCacheSettings | undefined {
  const model = env.text("SEMANTIC_CACHE_MODEL");
  const text = env.text("SEMANTIC_CACHE_THRESHOLD");
  const timeoutMs = env.integer("SEMANTIC_CACHE_TIMEOUT_MS", 1_000, 1, 60_000);
  const maxBytes = env.integer("SEMANTIC_CACHE_BYTES", 64 * 1024 * 1024, 1024 * 1024, 16 * 1024 * 1024 * 1024);
  const threshold = text === undefined ? DEFAULT_THRESHOLD : Number(text);
  if (!(threshold > 0 && threshold <= 1))
    env.problems.push("SEMANTIC_CACHE_THRESHOLD must be a number above 0, up to 1");
  return model === undefined ? undefined : { model, threshold, timeoutMs, maxBytes };
}
