import type { ReasoningSettings } from "@slipway/contracts/model/request.ts";
import { effortOf } from "../wire/openai-fields.ts";

type Wire = Record<string, unknown>;

/**
 * Models that think by a budget of tokens and know neither adaptive thinking nor (but for one of them) an effort: those up to
 * generation 4.5. Later ones are asked by effort (https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking;
 * from Opus 4.7 on they refuse a budget).
 */
const BY_BUDGET = /claude-(?:instant|[123]\b|(?:opus|sonnet|haiku)-4(?:-[015])?(?:$|[-@]\d{8}|-latest))/;

/** The least that Anthropic takes. */
const LEAST_BUDGET = 1024;
/** Thinking is part of an answer's bound and has to be less than all of it; this leaves room for what is said. */
const MOST_OF_BOUND = 0.8;

/** Tokens that stand for OpenAI's efforts at models that think by a budget. */
const BUDGETS = { minimal: LEAST_BUDGET, low: 4096, medium: 10_240, high: 24_576, xhigh: 32_768, max: 32_768 } as const;

/** What a request says of thinking, in the words of the Messages API. */
export interface EncodedThinking {
  readonly thinking: Wire | undefined;
  /** `output_config.effort`. */
  readonly effort: string | undefined;
  /** Tokens of thinking that a bound of output tokens has to leave room for. */
  readonly budget: number;
}

const NOTHING: EncodedThinking = { thinking: undefined, effort: undefined, budget: 0 };

/** `thinking` and `effort` for this model. `bound`: of the answer's tokens, where the request names one. */
export function encodeThinking(
  settings: ReasoningSettings | undefined,
  model: string,
  bound: number = Number.POSITIVE_INFINITY,
): EncodedThinking {
  if (settings === undefined) return NOTHING;
  const { effort, budgetTokens, budgetOf = "anthropic", adaptive, show } = settings;
  const display = show === undefined ? {} : { display: show ? "summarized" : "omitted" };
  const word = effort === "minimal" ? "low" : effort === "none" ? undefined : effort;
  if (budgetTokens === 0 || effort === "none") return { thinking: { type: "disabled" }, effort: word, budget: 0 };
  // A client of another family's does not know that this model refuses budgets; one of Anthropic's own is told so by Anthropic.
  if (budgetTokens !== undefined && budgetOf !== "anthropic" && !BY_BUDGET.test(model))
    return { thinking: { type: "adaptive", ...display }, effort: word ?? effortOf({ budgetTokens }), budget: 0 };
  if (budgetTokens !== undefined) {
    const thinking = { type: "enabled", budget_tokens: budgetTokens, ...display };
    return { thinking, effort: word, budget: budgetTokens };
  }
  if (adaptive === true) return { thinking: { type: "adaptive", ...display }, effort: word, budget: 0 };
  if (effort === undefined || adaptive === false) return { ...NOTHING, effort: word };
  if (!BY_BUDGET.test(model)) return { thinking: { type: "adaptive", ...display }, effort: word, budget: 0 };
  const budget = Math.max(LEAST_BUDGET, Math.min(BUDGETS[effort], Math.floor(bound * MOST_OF_BOUND)));
  return { thinking: { type: "enabled", budget_tokens: budget, ...display }, effort: undefined, budget };
}
