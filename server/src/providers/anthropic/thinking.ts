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

/**
 * Models that think whatever they are told: they refuse `disabled`, and are asked by effort alone. Sonnet 5.5 has a word of its own
 * for it, and notes between tool calls even then (https://platform.claude.com/docs/en/models/fable-5/migration-guide, …/opus-5-5/…,
 * …/sonnet-5-5/…, 2026-11).
 */
const ALWAYS = /claude-(?:mythos|fable|opus-5-5)/;
const BETWEEN_TOOLS = /claude-sonnet-5-5/;

/** Models of efforts that know no `xhigh` (https://platform.claude.com/docs/en/build-with-claude/effort, 2026-11). */
const WITHOUT_XHIGH = /claude-(?:(?:opus|sonnet)-4-6|mythos-preview)/;

/** No thinking, for a client that does not know that some models have no such setting. */
function withoutThinking(model: string): EncodedThinking {
  if (ALWAYS.test(model)) return { thinking: undefined, effort: "low", budget: 0 };
  const type = BETWEEN_TOOLS.test(model) ? "between_tools" : "disabled";
  return { thinking: { type }, effort: undefined, budget: 0 };
}

/** Thinking by so many tokens or fewer, as far as the answer's bound leaves room; none where it leaves too little. */
function byBudget(wanted: number, bound: number, display: Wire): EncodedThinking {
  if (bound <= LEAST_BUDGET) return NOTHING;
  const budget = Math.max(LEAST_BUDGET, Math.min(wanted, Math.floor(bound * MOST_OF_BOUND)));
  return { thinking: { type: "enabled", budget_tokens: budget, ...display }, effort: undefined, budget };
}

/** `thinking` and `effort` for this model. `bound`: of the answer's tokens, where the request names one. */
export function encodeThinking(
  settings: ReasoningSettings | undefined,
  model: string,
  bound: number = Number.POSITIVE_INFINITY,
): EncodedThinking {
  if (settings === undefined) return NOTHING;
  const { effort, budgetTokens, budgetOf = "anthropic", adaptive, show } = settings;
  const display = show === undefined ? {} : { display: show ? "summarized" : "omitted" };
  // A client of another family's does not know what this model refuses; one of Anthropic's own is told so by Anthropic.
  const foreign = budgetOf !== "anthropic";
  if (effort === "none" || (budgetTokens === 0 && foreign)) return withoutThinking(model);
  const word = effort === "minimal" ? "low" : effort;
  if (budgetTokens === 0) return { thinking: { type: "disabled" }, effort: word, budget: 0 };
  const thinksByBudget = BY_BUDGET.test(model);
  if (budgetTokens !== undefined && foreign) {
    if (thinksByBudget) return byBudget(budgetTokens, bound, display);
    return { thinking: { type: "adaptive", ...display }, effort: word ?? effortOf({ budgetTokens }), budget: 0 };
  }
  if (budgetTokens !== undefined) {
    const thinking = { type: "enabled", budget_tokens: budgetTokens, ...display };
    return { thinking, effort: word, budget: budgetTokens };
  }
  if (adaptive === true && !(foreign && thinksByBudget))
    return { thinking: { type: "adaptive", ...display }, effort: word, budget: 0 };
  if (adaptive !== true && (effort === undefined || adaptive === false)) return { ...NOTHING, effort: word };
  if (!thinksByBudget) {
    // An effort that came without a word of Anthropic's beside it is OpenAI's.
    const known = word === "xhigh" && adaptive === undefined && WITHOUT_XHIGH.test(model) ? "high" : word;
    return { thinking: { type: "adaptive", ...display }, effort: known, budget: 0 };
  }
  return byBudget(BUDGETS[effort ?? "medium"], bound, display);
}
