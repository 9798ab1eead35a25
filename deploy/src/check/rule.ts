import type { Edit, Place, Severity } from "./finding.ts";
import type { Reference } from "./references.ts";
import type { Topic, Topics } from "./subjects/topics.ts";
import type { World } from "./subjects/world.ts";

/** What a finding may say besides its place. */
export interface Said {
  /** Instead of the rule's sentence, when the place has a more exact one. */
  readonly message?: string;
  /** What mends it without a person's judgement. */
  readonly edit?: Edit | undefined;
}
export type Say = (at: Place, said?: Said) => void;

/** What is said about a rule: all of it is data. */
export interface RuleText {
  /** Stable, kebab-case, never given another meaning. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong, one sentence. */
  readonly what: string;
  /** What comes of it. */
  readonly why: string;
  /** What to do, one sentence. */
  readonly fix: string;
  readonly source: Reference;
  /** ISO date by which a person should look whether the rule's facts still hold; only of rules that lean on dated facts. */
  readonly review?: string;
  /** Can be mended by `--fix`, at least in its plain form. */
  readonly mends?: true;
}

/** A rule about one topic. */
export interface RuleOn<T extends Topic> extends RuleText {
  readonly on: T;
  readonly find: (subject: Topics[T], say: Say, world: World) => void;
}
export type Rule = { readonly [T in Topic]: RuleOn<T> }[Topic];

/** A rule, with its predicate typed by the topic that it is about. */
export function rule<T extends Topic>(on: T, text: RuleText, find: RuleOn<T>["find"]): Rule {
  return { ...text, on, find } as unknown as Rule;
}
