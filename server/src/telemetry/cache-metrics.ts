import { Gauge } from "prom-client";
import { Counter, Histogram, type MetricsRegistry } from "./series.ts";

const SIMILARITY_BUCKETS = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99, 1];

/** What is counted of kept answers. */
export function cacheMetrics(registers: MetricsRegistry[]) {
  let bytes = (): number => 0;
  // It lives in the registry; nobody needs it by name.
  void new Gauge({
    name: "slipway_answer_cache_bytes",
    help: "Bytes of answers that this process keeps.",
    registers,
    collect() {
      this.set(bytes());
    },
  });
  let semantic = (): { readonly bytes: number; readonly entries: number } => ({ bytes: 0, entries: 0 });
  void new Gauge({
    name: "slipway_semantic_cache_bytes",
    help: "Bytes of questions' vectors that this process keeps.",
    registers,
    collect() {
      this.set(semantic().bytes);
    },
  });
  void new Gauge({
    name: "slipway_semantic_cache_entries",
    help: "Answered questions that this process can compare others with.",
    registers,
    collect() {
      this.set(semantic().entries);
    },
  });
  return {
    semanticCache: new Counter({
      name: "slipway_semantic_cache_total",
      help: "Questions that no equal one was kept for: answered by one of nearly the same meaning (hit) or not (miss); not compared because they are more than a text (ineligible), or their embedding model failed (failed), took too long (timeout) or is left alone (paused).",
      labelNames: ["result"] as const,
      registers,
    }),
    semanticSimilarity: new Histogram({
      name: "slipway_semantic_cache_similarity",
      help: "How near the nearest kept question was, as a cosine, where it met the threshold or missed it by 0.1 at most.",
      labelNames: [] as const,
      buckets: SIMILARITY_BUCKETS,
      registers,
    }),
    /** Reports these vectors. */
    watchSemanticCache(held: () => { readonly bytes: number; readonly entries: number }): void {
      semantic = held;
    },
    answerCache: new Counter({
      name: "slipway_answer_cache_total",
      help: "Requests that asked the cache: answered from this process (memory), from Redis (shared), by an equal request that was under way (joined), with the answer to a question of nearly the same meaning (semantic), or by a model (miss).",
      labelNames: ["result"] as const,
      registers,
    }),
    idempotency: new Counter({
      name: "slipway_idempotency_total",
      help: "Requests with an Idempotency-Key: first, repeated, in_use (409), reused (422).",
      labelNames: ["result"] as const,
      registers,
    }),
    /** Reports these bytes of kept answers. */
    watchAnswerCache(count: () => number): void {
      bytes = count;
    },
  };
}
