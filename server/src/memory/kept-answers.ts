import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Message } from "@slipway/contracts/model/request.ts";
import type { KeptAnswer, KeptAnswers as StoredAnswers } from "#store/kept-answers.ts";
import { type Envelopes, nameOf } from "./envelopes.ts";

/** What was asked and what was answered. */
export interface Exchanged {
  /** What this request added to the conversation, without instructions. */
  readonly asked: readonly Message[];
  /** The answer as its dialect says it, with everything that going on from it needs. */
  readonly answer: Readonly<Record<string, unknown>>;
}

/** Answers that are kept for clients which go on from them by their id; encrypted at rest under the tenant's key. */
export interface KeptAnswers {
  /** Throws `database_unavailable`. */
  keep(
    tenantId: string,
    kept: Exchanged & {
      readonly id: string;
      readonly previousId: string | undefined;
      readonly itemIds: readonly string[];
    },
  ): Promise<void>;
  get(tenantId: string, id: string): Promise<Exchanged | undefined>;
  /**
   * The conversation up to and with this answer, the oldest first; undefined when the answer, or one that it went on from, is not
   * kept any more. Throws `invalid_request` for one of more than 1,000 turns or 32 MiB.
   */
  conversation(tenantId: string, id: string): Promise<readonly Exchanged[] | undefined>;
  /** The answers that these items are of. Throws `invalid_request` for more than 32 MiB of them. */
  withItems(tenantId: string, itemIds: readonly string[]): Promise<readonly Exchanged[]>;
  /** False when there was no such answer. */
  delete(tenantId: string, id: string): Promise<boolean>;
}

/** Turns of the longest conversation that can be gone on from. */
const MOST_TURNS = 1000;
/** Bytes of the longest conversation that can be gone on from, as it lies in the database. */
const MOST_BYTES = 32 * 1024 * 1024;

const VERSION = 1;
const DAY_MS = 86_400_000;

function bound(tenantId: string, id: string): string {
  return nameOf("kept-answer", tenantId, id);
}

function isExchanged(value: unknown): value is Exchanged & { readonly version: number } {
  return typeof value === "object" && value !== null && "version" in value && value.version === VERSION;
}

function tooLong(): SlipwayError {
  return new SlipwayError("invalid_request", "The conversation has grown too long to be gone on from.", {
    param: "previous_response_id",
    hint: "Begin a new one; send what is still needed of this one as `input`.",
  });
}

function tooMuchNamed(): SlipwayError {
  return new SlipwayError("invalid_request", "The items that are named are of answers too long to be read at once.", {
    param: "input",
    hint: "Send the items themselves instead of references.",
  });
}

function bytesOf(answers: readonly KeptAnswer[]): number {
  let bytes = 0;
  for (const { content } of answers) bytes += content.length;
  return bytes;
}

/** Keeps answers for `retentionDays`. */
export function createKeptAnswers(options: {
  readonly store: StoredAnswers;
  readonly envelopes: Envelopes;
  readonly retentionDays: number;
  readonly now?: () => number;
}): KeptAnswers {
  const { store, envelopes, retentionDays, now = Date.now } = options;
  const open = async (tenantId: string, stored: KeptAnswer): Promise<Exchanged> => {
    const plain = await envelopes.open(tenantId, stored.content, bound(tenantId, stored.id));
    const value: unknown = JSON.parse(Buffer.from(plain).toString("utf8"));
    if (isExchanged(value)) return value;
    throw new SlipwayError("internal", `The answer ${stored.id} was written by a newer version of this server.`, {
      hint: "Run the newest version on every replica.",
    });
  };
  return {
    async keep(tenantId, { id, previousId, itemIds, asked, answer }) {
      const plain = Buffer.from(JSON.stringify({ version: VERSION, asked, answer }));
      const content = await envelopes.seal(tenantId, plain, bound(tenantId, id));
      const expiresAt = new Date(now() + retentionDays * DAY_MS);
      await store.put(tenantId, { id, previousId: previousId ?? null, itemIds, content, expiresAt });
    },
    async get(tenantId, id) {
      const stored = await store.get(tenantId, id);
      return stored && open(tenantId, stored);
    },
    async conversation(tenantId, id) {
      const chain = await store.chain(tenantId, id, { answers: MOST_TURNS + 1, bytes: MOST_BYTES });
      if (chain.length > MOST_TURNS || bytesOf(chain) > MOST_BYTES) throw tooLong();
      // A chain that begins with an answer which itself went on from another has lost its beginning.
      if (chain[0]?.previousId !== null) return undefined;
      return Promise.all(chain.map((stored) => open(tenantId, stored)));
    },
    async withItems(tenantId, itemIds) {
      const found = await store.withItems(tenantId, itemIds, { answers: MOST_TURNS, bytes: MOST_BYTES });
      if (bytesOf(found) > MOST_BYTES) throw tooMuchNamed();
      return Promise.all(found.map((stored) => open(tenantId, stored)));
    },
    delete: (tenantId, id) => store.delete(tenantId, id),
  };
}
