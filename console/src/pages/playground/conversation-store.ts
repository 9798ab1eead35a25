import { toApiError } from "#api/api-error.ts";
import type { ChatEvent } from "#api/chat-chunk.ts";
import { chatRequest, type ChatRequest } from "#api/chat-completion.ts";
import {
  EMPTY_CONVERSATION,
  isRunning,
  messagesFor,
  reduceConversation,
  type Conversation,
  type ConversationAction,
} from "./conversation.ts";
import { createTextBatch } from "./text-batch.ts";

/** What a conversation needs from the world; tests hand in their own. */
export interface ConversationWorld {
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>;
  /** Calls back once, when the screen is drawn next; returns how to take that back. */
  schedule(run: () => void): () => void;
  /** Milliseconds on a clock that only moves forward. */
  now(): number;
}

/**
 * Holds one conversation outside of the page, so that it outlives leaving the page, and runs at most one answer at a time.
 * Its methods may be called at any time; one that makes no sense in the present state does nothing.
 */
export interface ConversationStore {
  readonly subscribe: (listener: () => void) => () => void;
  readonly snapshot: () => Conversation;
  /** Sets the system prompt of the next request. */
  readonly instruct: (systemPrompt: string) => void;
  ask(text: string, model: string): void;
  /** Asks for the last answer again, in its place. */
  retry(model: string): void;
  /** Stops the running answer and keeps what came of it. */
  stop(): void;
  /** Stops, and forgets everything but the system prompt. */
  clear(): void;
}

/** Makes an empty conversation. */
export function createConversationStore(world: ConversationWorld): ConversationStore {
  let state: Conversation = EMPTY_CONVERSATION;
  let newest: Answering | undefined;
  const listeners = new Set<() => void>();

  const dispatch = (action: ConversationAction): void => {
    const next = reduceConversation(state, action);
    if (next === state) return;
    state = next;
    for (const listener of listeners) listener();
  };
  const answer = (model: string): void => {
    newest = startAnswer(world, chatRequest(model, messagesFor(model, state)), dispatch);
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: () => state,
    instruct: (systemPrompt) => dispatch({ type: "instructed", systemPrompt }),
    ask(text, model) {
      if (isRunning(state) || text.trim() === "") return;
      dispatch({ type: "asked", text, model, at: world.now() });
      answer(model);
    },
    retry(model) {
      if (isRunning(state) || state.turns.at(-1)?.role !== "assistant") return;
      dispatch({ type: "retried", model, at: world.now() });
      answer(model);
    },
    stop: () => newest?.stop(),
    clear() {
      newest?.stop();
      dispatch({ type: "cleared" });
    },
  };
}

/** An answer on its way. */
interface Answering {
  /** Hangs up and keeps what came. Does nothing when the answer is over. */
  stop(): void;
}

function startAnswer(
  world: ConversationWorld,
  request: ChatRequest,
  dispatch: (action: ConversationAction) => void,
): Answering {
  const controller = new AbortController();
  const batch = createTextBatch(
    (run) => world.schedule(run),
    (text) => dispatch({ type: "text", text }),
  );
  let over = false;
  const end = (action: ConversationAction): void => {
    // What a stopped stream still throws or gives belongs to nobody: by then another answer may be running.
    if (over) return;
    batch.flush();
    over = true;
    dispatch(action);
  };
  const read = async (): Promise<void> => {
    try {
      for await (const event of world.stream(request, controller.signal)) {
        if (over) return;
        if (event.type === "text") batch.add(event.text);
        else dispatch(event);
      }
      end({ type: "completed", at: world.now() });
    } catch (error) {
      end({ type: "failed", error: toApiError(error), at: world.now() });
    }
  };
  void read();
  return {
    stop() {
      end({ type: "stopped", at: world.now() });
      controller.abort();
    },
  };
}
