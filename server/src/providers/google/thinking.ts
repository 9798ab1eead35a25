import type { ReasoningSettings } from "@slipway/contracts/model/request.ts";

type Wire = Record<string, unknown>;
type Effort = NonNullable<ReasoningSettings["effort"]>;

/**
 * Thinking budgets in tokens for models that know no levels, as Google's own OpenAI-compatible API gives them
 * (https://ai.google.dev/gemini-api/docs/openai#thinking); what lies above `high` is the most that all of them take.
 */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
};

const LEVELS: Readonly<Record<Effort, string | undefined>> = {
  none: undefined,
  minimal: "MINIMAL",
  low: "LOW",
  medium: "MEDIUM",
  high: "HIGH",
  xhigh: "HIGH",
  max: "HIGH",
};

// Levels came with Gemini 3; before it there are budgets only.
function knowsLevels(model: string): boolean {
  return !/^(?:models\/)?gemini-(?:[12]\b|robotics-er-1)/.test(model);
}

function amountOf(settings: ReasoningSettings, model: string): Wire {
  const { budgetTokens, effort, adaptive } = settings;
  // Google refuses a budget and a level together.
  if (budgetTokens !== undefined) return { thinkingBudget: budgetTokens };
  if (effort === undefined) return adaptive === true ? { thinkingBudget: -1 } : {};
  const level = knowsLevels(model) ? LEVELS[effort] : undefined;
  return level === undefined ? { thinkingBudget: BUDGETS[effort] } : { thinkingLevel: level };
}

/** `thinkingConfig` (https://ai.google.dev/gemini-api/docs/thinking); a model that cannot be told so much answers with a 400. */
export function encodeThinking(settings: ReasoningSettings, model: string): Wire {
  const amount = amountOf(settings, model);
  return settings.show === undefined ? amount : { ...amount, includeThoughts: settings.show };
}
