import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@slipway/contracts/model/request.ts";
import type { KeptAnswer, KeptAnswers as StoredAnswers } from "#store/kept-answers.ts";
import { createKeptAnswers } from "./kept-answers.ts";
import { testEnvelopes } from "./testing.ts";

const DAY_MS = 86_400_000;

/** Answers at rest, as the database would hold them. */
function inMemory(): {
  store: StoredAnswers;
  all: Map<string, KeptAnswer & { itemIds: readonly string[]; expiresAt: Date }>;
} {
  const all = new Map<string, KeptAnswer & { itemIds: readonly string[]; expiresAt: Date }>();
  return {
    all,
    store: {
      put: (tenantId, answer) => Promise.resolve(void all.set(`${tenantId}/${answer.id}`, answer)),
      get: (tenantId, id) => Promise.resolve(all.get(`${tenantId}/${id}`)),
      chain(tenantId, id, most) {
        const chain: KeptAnswer[] = [];
        for (let next: string | null = id; next !== null && chain.length < most.answers;) {
          const found: KeptAnswer | undefined = all.get(`${tenantId}/${next}`);
          if (!found) break;
          chain.unshift(found);
          next = found.previousId;
        }
        return Promise.resolve(chain);
      },
      withItems: (tenantId, ids) =>
        Promise.resolve(
          [...all].flatMap(([key, one]) =>
            key.startsWith(`${tenantId}/`) && one.itemIds.some((id) => ids.includes(id)) ? [one] : [],
          ),
        ),
      delete: (tenantId, id) => Promise.resolve(all.delete(`${tenantId}/${id}`)),
    },
  };
}

const asked: Message[] = [{ role: "user", content: [{ type: "text", text: "a secret question" }] }];
const answer = { id: "x", output: [{ id: "msg_1", text: "a secret answer" }] };

function open(now = 0) {
  const { store, all } = inMemory();
  return { all, kept: createKeptAnswers({ store, envelopes: testEnvelopes(), retentionDays: 2, now: () => now }) };
}

test("what is kept comes back, lies encrypted, and ends after the time it is kept for", async () => {
  const { kept, all } = open(5 * DAY_MS);
  await kept.keep("t", { id: "r1", previousId: undefined, itemIds: ["msg_1"], asked, answer });
  assert.deepEqual(await kept.get("t", "r1"), { version: 1, asked, answer });
  const stored = all.get("t/r1");
  assert.ok(stored);
  assert.doesNotMatch(Buffer.from(stored.content).toString("latin1"), /secret/);
  assert.deepEqual(stored.expiresAt, new Date(7 * DAY_MS));
  assert.deepEqual((await kept.withItems("t", ["msg_1"])).length, 1);
});

test("content that was moved to another id does not open", async () => {
  const { kept, all } = open();
  await kept.keep("t", { id: "r1", previousId: undefined, itemIds: [], asked, answer });
  const stored = all.get("t/r1");
  assert.ok(stored);
  all.set("t/r2", { ...stored, id: "r2" });
  await assert.rejects(kept.get("t", "r2"));
});

test("a conversation is whole or it is none", async () => {
  const { kept } = open();
  await kept.keep("t", { id: "r1", previousId: undefined, itemIds: [], asked, answer: { n: 1 } });
  await kept.keep("t", { id: "r2", previousId: "r1", itemIds: [], asked, answer: { n: 2 } });
  const conversation = await kept.conversation("t", "r2");
  assert.deepEqual(
    conversation?.map((exchanged) => exchanged.answer),
    [{ n: 1 }, { n: 2 }],
  );
  assert.equal(await kept.conversation("t", "none"), undefined);
  assert.equal(await kept.conversation("other", "r2"), undefined);
  assert.equal(await kept.delete("t", "r1"), true);
  assert.equal(await kept.conversation("t", "r2"), undefined);
});

test("a conversation that has grown too long is refused by name", async () => {
  const { kept } = open();
  for (let n = 0; n <= 1000; n += 1)
    await kept.keep("t", {
      id: `r${n}`,
      previousId: n === 0 ? undefined : `r${n - 1}`,
      itemIds: [],
      asked: [],
      answer: {},
    });
  assert.equal((await kept.conversation("t", "r999"))?.length, 1000);
  await assert.rejects(kept.conversation("t", "r1000"), { code: "invalid_request", param: "previous_response_id" });
});
