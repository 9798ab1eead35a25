import type { Logger } from "#telemetry/logger.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import type { answerKey } from "../answer-key.ts";
import { type Asked, ask, type Bench, makeCache, master, Model } from "../testing.ts";
import type { OpenEmbedder } from "./embedder.ts";
import { SemanticCache, type SemanticCacheOptions } from "./semantic-cache.ts";

const quiet = (): void => {};
const log: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, flush: quiet };

/** Vectors whose cosine with that of `north` is the number in the text, such as `question 0.97`. */
export function vectorOf(text: string): readonly number[] {
  const near = Number(/\d\.\d+/.exec(text)?.[0] ?? 1);
  return [7 * near, 7 * Math.sqrt(1 - near * near), 0];
}

export interface SemanticBench extends Bench {
  readonly metrics: ReturnType<typeof createMetrics>;
  /** Texts that the model was asked for. */
  readonly embedded: string[];
}

/** A cache that compares; `embed` is the model's answer. */
export function makeSemantic(
  change: Partial<SemanticCacheOptions> & {
    readonly embed?: (text: string, signal: AbortSignal) => Promise<readonly number[]>;
    readonly keyOf?: typeof answerKey;
    readonly answerBytes?: number;
  } = {},
): SemanticBench {
  const { embed = (text) => Promise.resolve(vectorOf(text)), answerBytes, ...options } = change;
  const metrics = createMetrics();
  const embedded: string[] = [];
  const open: OpenEmbedder = () => ({
    model: "e",
    demand: () => ({ tokens: 1, worst: 1, attempts: 1 }),
    embed(text, _, signal) {
      embedded.push(text);
      return embed(text, signal);
    },
  });
  const pepper = master.fingerprinting;
  const bounds = { threshold: 0.95, timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024 };
  const semantic = new SemanticCache({ open, ...bounds, pepper, metrics, log, ...options });
  const same = { ...(change.keyOf ? { keyOf: change.keyOf } : {}), ...(change.now ? { now: change.now } : {}) };
  const bytes = answerBytes === undefined ? {} : { maxBytes: answerBytes };
  return { ...makeCache({ semantic, ...same, ...bytes }), metrics, embedded };
}

/** Asks by meaning, with the least similarity of 0.95 where the question names none; the similarity of a hit, `equal`, or `miss`. */
export async function compare(bench: Bench, asked: Asked): Promise<number | "equal" | "miss"> {
  const policy = { similarity: 0.95, ...asked.policy };
  const { hit, similarity, call } = await ask(bench.cache, new Model(), { ...asked, policy });
  call.abort();
  if (!hit) return "miss";
  return similarity === undefined ? "equal" : Number(similarity.toFixed(4));
}
