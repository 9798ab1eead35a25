import type { ApiError } from "#api/api-error.ts";
import type { TokenUsage } from "#api/chat-chunk.ts";
import type { ChatMessage } from "#api/chat-completion.ts";
import { isAgent } from "./model-choice.ts";

/** What the person wrote. */
export interface UserTurn {
  readonly role: "user";
  readonly id: number;
  readonly text: string;
}

/** Where an answer is: asked for, coming, whole, cut short by the person, or failed. */
export type AnswerPhase = "waiting" | "streaming" | "done" | "stopped" | "failed";

/** An answer, from the moment that it is asked for. */
export interface AnswerTurn {
  readonly role: "assistant";
  readonly id: number;
  readonly model: string;
  readonly text: string;
  readonly phase: AnswerPhase;
  /** Milliseconds on a clock that only moves forward. */
  readonly askedAt: number;
  readonly durationMs?: number;
  readonly usage?: TokenUsage;
  readonly finishReason?: string;
  readonly error?: ApiError;
}

export type Turn = UserTurn | AnswerTurn;

/** One conversation of the playground. At most its last turn is running. */
export interface Conversation {
  readonly turns: readonly Turn[];
  readonly nextId: number;
  /** Sent ahead of the turns to a plain model; an agent brings its own instructions. */
  readonly systemPrompt: string;
}

export type ConversationAction =
  | { readonly type: "instructed"; readonly systemPrompt: string }
  | { readonly type: "asked"; readonly text: string; readonly model: string; readonly at: number }
  | { readonly type: "retried"; readonly model: string; readonly at: number }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "usage"; readonly usage: TokenUsage }
  | { readonly type: "finish"; readonly reason: string }
  | { readonly type: "completed"; readonly at: number }
  | { readonly type: "stopped"; readonly at: number }
  | { readonly type: "failed"; readonly error: ApiError; readonly at: number }
  | { readonly type: "cleared" };

/** A conversation in which nothing was said. */
export const EMPTY_CONVERSATION: Conversation = { turns: [], nextId: 1, systemPrompt: "" };

/** True while an answer is awaited or coming. */
export function isRunning(conversation: Conversation): boolean {
  const last = conversation.turns.at(-1);
  return last?.role === "assistant" && (last.phase === "waiting" || last.phase === "streaming");
}

/**
 * The next state of a conversation. Turns that an action does not touch keep their identity, so that only the one that changed is
 * drawn again. What arrives for an answer that is no longer running is dropped.
 */
export function reduceConversation(state: Conversation, action: ConversationAction): Conversation {
  switch (action.type) {
    case "instructed":
      return { ...state, systemPrompt: action.systemPrompt };
    case "cleared":
      return { ...state, turns: [] };
    case "asked":
      if (isRunning(state)) return state;
      return appendAnswer(
        {
          ...state,
          turns: [...state.turns, { role: "user", id: state.nextId, text: action.text }],
          nextId: state.nextId + 1,
        },
        action,
      );
    case "retried":
      if (isRunning(state) || state.turns.at(-1)?.role !== "assistant") return state;
      return appendAnswer({ ...state, turns: state.turns.slice(0, -1) }, action);
    default:
      return changeRunning(state, (turn) => changeAnswer(turn, action));
  }
}

/** The messages that ask for the newest answer: everything up to the last question, without answers that never began. */
export function messagesFor(model: string, { turns, systemPrompt }: Conversation): ChatMessage[] {
  const instructed = systemPrompt.trim() !== "" && !isAgent(model);
  const messages: ChatMessage[] = instructed ? [{ role: "system", content: systemPrompt }] : [];
  const lastQuestion = turns.findLastIndex((turn) => turn.role === "user");
  for (const turn of turns.slice(0, lastQuestion + 1)) {
    if (turn.text !== "") messages.push({ role: turn.role, content: turn.text });
  }
  return messages;
}

function appendAnswer(state: Conversation, asked: { readonly model: string; readonly at: number }): Conversation {
  const answer: AnswerTurn = {
    role: "assistant",
    id: state.nextId,
    model: asked.model,
    text: "",
    phase: "waiting",
    askedAt: asked.at,
  };
  return { ...state, turns: [...state.turns, answer], nextId: state.nextId + 1 };
}

function changeRunning(state: Conversation, change: (turn: AnswerTurn) => AnswerTurn): Conversation {
  const last = state.turns.at(-1);
  if (!isRunning(state) || last?.role !== "assistant") return state;
  return { ...state, turns: [...state.turns.slice(0, -1), change(last)] };
}

type AnswerAction = Extract<
  ConversationAction,
  { readonly type: "text" | "usage" | "finish" | "completed" | "stopped" | "failed" }
>;

function changeAnswer(turn: AnswerTurn, action: AnswerAction): AnswerTurn {
  switch (action.type) {
    case "text":
      return { ...turn, phase: "streaming", text: turn.text + action.text };
    case "usage":
      return { ...turn, usage: action.usage };
    case "finish":
      return { ...turn, finishReason: action.reason };
    case "completed":
      return { ...turn, phase: "done", durationMs: action.at - turn.askedAt };
    case "stopped":
      return { ...turn, phase: "stopped", durationMs: action.at - turn.askedAt };
    case "failed":
      return { ...turn, phase: "failed", durationMs: action.at - turn.askedAt, error: action.error };
  }
}
