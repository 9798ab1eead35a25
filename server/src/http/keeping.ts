import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent, ModelEventSink } from "@slipway/contracts/model/event.ts";
import { AnswerFold } from "@slipway/contracts/model/fold.ts";
import type { Message, Part } from "@slipway/contracts/model/request.ts";
import { isObject, type JsonObject } from "#lib/shape.ts";
import type { Exchanged, KeptAnswers } from "#memory/kept-answers.ts";
import type { AnswerFrame, DecodedRequest, Keeping } from "#router/dialects/dialect.ts";
import { decodeItems, referenceOf } from "#router/dialects/openai-responses/decode-input.ts";
import { encodeKept } from "#router/dialects/openai-responses/encode.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";

/** A request whose conversation is complete. */
export interface Resumed {
  readonly decoded: DecodedRequest;
  /** What the request itself adds to the conversation. */
  readonly added: readonly Message[];
}

/** Goes on from kept answers, and keeps new ones. */
export interface AnswerKeeping {
  /** The request with the conversation that it goes on from, and with the items that it only names. Rejects with `not_found`. */
  resume(decoded: DecodedRequest, keeping: Keeping, tenantId: string): Promise<Resumed>;
  /** Keeps the answer when it is whole, before its client hears of the end: its next request may come at once. */
  keep(sink: ModelEventSink, frame: AnswerFrame, added: readonly Message[], tenantId: string): ModelEventSink;
}

function itemsOf(kept: Exchanged): readonly JsonObject[] {
  const { output } = kept.answer;
  return Array.isArray(output) ? output.filter(isObject) : [];
}

function previousNotFound(id: string): SlipwayError {
  return new SlipwayError("not_found", `The previous response \`${id.slice(0, 100)}\` is not kept here.`, {
    // OpenAI's status for it: the path is there, the request is wrong.
    status: 400,
    param: "previous_response_id",
    hint: "It was made with `store: false`, was deleted, has expired, or belongs to another tenant. Send the conversation as `input`.",
  });
}

function itemNotFound(id: string): SlipwayError {
  return new SlipwayError("not_found", `The item \`${id.slice(0, 100)}\` is not part of an answer that is kept here.`, {
    status: 400,
    param: "input",
    hint: "Send the item itself instead of a reference.",
  });
}

function historyOf(conversation: readonly Exchanged[]): Message[] {
  return conversation.flatMap((kept) => [...kept.asked, ...decodeItems(itemsOf(kept), "output")]);
}

/** Puts the named items in the place of their names. */
async function resolveReferences(
  messages: readonly Message[],
  kept: KeptAnswers,
  tenantId: string,
): Promise<readonly Message[]> {
  const ids = messages.flatMap(({ content }) => content.flatMap((part) => referenceOf(part) ?? []));
  const found = new Map<string, readonly Part[]>();
  for (const exchanged of await kept.withItems(tenantId, ids)) {
    for (const item of itemsOf(exchanged)) {
      const { id } = item;
      if (typeof id === "string") found.set(id, decodeItems([item], "output")[0]?.content ?? []);
    }
  }
  return messages.map((message) => ({
    ...message,
    content: message.content.flatMap((part): readonly Part[] => {
      const id = referenceOf(part);
      if (id === undefined) return [part];
      const parts = found.get(id);
      if (!parts) throw itemNotFound(id);
      return parts;
    }),
  }));
}

class KeepingSink implements ModelEventSink {
  readonly #fold = new AnswerFold();
  readonly #sink: ModelEventSink;
  readonly #keep: (fold: AnswerFold) => Promise<void>;

  constructor(sink: ModelEventSink, keep: (fold: AnswerFold) => Promise<void>) {
    this.#sink = sink;
    this.#keep = keep;
  }

  event(event: ModelEvent): void {
    this.#fold.event(event);
    this.#sink.event(event);
  }

  end(): void {
    void this.#keep(this.#fold).then(() => this.#sink.end());
  }

  fail(error: SlipwayError): void {
    this.#sink.fail(error);
  }
}

/** Keeping over the memory room. An answer that cannot be kept is given all the same, and the log says so. */
export function createAnswerKeeping(options: { readonly kept: KeptAnswers; readonly log: Logger }): AnswerKeeping {
  const { kept, log } = options;
  return {
    async resume(decoded, { previousId, hasReferences }, tenantId) {
      const { request } = decoded;
      const asked = hasReferences ? await resolveReferences(request.messages, kept, tenantId) : request.messages;
      // Instructions are said anew with each request, and are no part of the conversation.
      const instructions = decoded.echo?.["instructions"] ? 1 : 0;
      const added = asked.slice(instructions);
      if (previousId === undefined) return { decoded: { ...decoded, request: { ...request, messages: asked } }, added };
      const conversation = await kept.conversation(tenantId, previousId);
      if (!conversation) throw previousNotFound(previousId);
      const messages = [...asked.slice(0, instructions), ...historyOf(conversation), ...added];
      return { decoded: { ...decoded, request: { ...request, messages } }, added };
    },
    keep(sink, frame, added, tenantId) {
      const id = frame.fallbackId;
      return new KeepingSink(sink, async (fold) => {
        try {
          const answer = encodeKept(fold.answer(), frame);
          await kept.keep(tenantId, {
            id,
            previousId: frame.decoded.keeping?.previousId,
            itemIds: answer.itemIds,
            asked: added,
            answer: answer.response,
          });
        } catch (error) {
          log.warn(
            { requestId: frame.requestId, response: id, error: describeError(error) },
            "an answer could not be kept: nobody can go on from it",
          );
        }
      });
    },
  };
}
