import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { test, type TestContext } from "node:test";
import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import { createEnvelopes } from "#keys/envelope.ts";
import { masterKeyOf } from "#keys/master-key.ts";
import { createConversations } from "#memory/conversations.ts";
import { createMock } from "#providers/mock/provider.ts";
import { createStore } from "#store/create-store.ts";
import { BACKENDS, later, randomName, run as runSql, type TestDatabase } from "#store/testing/databases.ts";
import { createAgents } from "../registry/agents.ts";
import { createRegistry } from "../registry/registry.ts";
import type { RunEvent } from "./run-event.ts";
import type { Models, RunTurn } from "./run-types.ts";
import { createAgentRunner } from "./runner.ts";
import { ask, ORIGIN } from "../testing.ts";

const AGENTS = resolve(import.meta.dirname, "../../../../agents");
const quiet = { info() {}, warn() {}, error() {} };

/** Everything that runs need, on a real database, for a tenant of its own. */
async function setUpHouse(t: TestContext, database: TestDatabase) {
  const store = createStore({ connection: database.connection });
  later(t, () => store.close());
  const registry = await createRegistry({ dir: AGENTS, watch: false, log: quiet });
  later(t, () => registry.close());
  const envelopes = createEnvelopes(masterKeyOf(randomBytes(32), "environment"), store.subjects);
  const conversations = createConversations({ store, envelopes });
  const mock = createMock();
  const requests: ModelRequest[] = [];
  const models: Models = {
    stream: (request, origin, sink) => {
      requests.push(request);
      return mock.call(request, origin, sink);
    },
  };
  const runner = createAgentRunner({
    agents: createAgents({ files: registry, stored: store.agents, directory: store.directory }),
    conversations,
    runs: store.runs,
    envelopes,
    models,
    defaultModel: "mock-1",
    log: quiet,
  });
  const tenantId = randomName("tenant");
  await store.tenants.ensure(tenantId, "A tenant");
  const say = async (agent: string, text: string, threadId?: string) => {
    const events: RunEvent[] = [];
    const turn: RunTurn = ask(text, { agent, ...(threadId === undefined ? {} : { threadId }) });
    const prepared = await runner.prepare(turn, { ...ORIGIN, tenantId });
    const ended = await prepared.start({ event: (event) => events.push(event) }).finished;
    return { events, ended };
  };
  return { database, store, registry, conversations, runner, requests, tenantId, say };
}

type House = Awaited<ReturnType<typeof setUpHouse>>;

const CHECKS: readonly (readonly [string, (house: House) => Promise<void> | void])[] = [
  [
    "both are ready",
    ({ registry }) => {
      assert.deepEqual(
        registry.list().map(({ name, status, error }) => [name, status, error]),
        [
          ["concierge", "ready", null],
          ["order-desk", "ready", null],
        ],
      );
    },
  ],
  [
    "the order desk looks the order up with its tool and answers from what it found",
    async ({ runner, conversations, tenantId, say }) => {
      const { events, ended } = await say("order-desk", "Where is my order SO-1042, please?");
      const called = events.find((event) => event.type === "tool_call");
      assert.ok(called?.type === "tool_call" && called.name === "look_up_order");
      assert.deepEqual(called.input, { number: "SO-1042" });
      assert.equal(ended.status, "completed");
      assert.match(ended.output ?? "", /Harbour & Sons/);
      assert.equal(ended.steps, 2);
      const { finishedAt, createdAt, ...stored } = await runner.get(tenantId, ended.id);
      const { finishedAt: _, createdAt: __, ...told } = ended;
      assert.deepEqual(stored, told);
      assert.ok(finishedAt !== null && createdAt <= finishedAt);
      const { messages } = await conversations.messages(tenantId, ended.threadId, { limit: 10 });
      assert.deepEqual(
        messages.map(({ role }) => role),
        ["user", "assistant", "tool", "assistant"],
      );
    },
  ],
  [
    "the concierge is shown what was said before in its thread, and nothing of another",
    async ({ conversations, tenantId, requests, say }) => {
      const other = await say("concierge", "I am somebody else.");
      const first = await say("concierge", "I am Ada and I build a shop.");
      await say("concierge", "What do I build?", first.ended.threadId);
      const shown = JSON.stringify(requests.at(-1)?.messages);
      assert.match(shown, /I am Ada and I build a shop/);
      assert.doesNotMatch(shown, /somebody else/);
      assert.notEqual(other.ended.threadId, first.ended.threadId);
      const { threads } = await conversations.list(tenantId, { limit: 2 });
      assert.deepEqual(
        threads.map(({ id, agent }) => [id, agent]),
        [
          [first.ended.threadId, "concierge"],
          [other.ended.threadId, "concierge"],
        ],
      );
    },
  ],
  [
    "pages of messages follow one another",
    async ({ conversations, tenantId, say }) => {
      const { ended } = await say("concierge", "one");
      await say("concierge", "two", ended.threadId);
      const first = await conversations.messages(tenantId, ended.threadId, { limit: 3 });
      assert.ok(first.nextCursor !== null);
      const rest = await conversations.messages(tenantId, ended.threadId, { limit: 3, cursor: first.nextCursor });
      assert.deepEqual([first.messages.length, rest.messages.length, rest.nextCursor], [3, 1, null]);
    },
  ],
  [
    "nothing that was said lies readable in the database",
    async ({ say, database }) => {
      const secret = `the word is ${randomBytes(12).toString("hex")}`;
      const { ended } = await say("concierge", secret);
      assert.ok(ended.output?.includes(secret));
      const rowsWith = async (text: string, table: string, column: string) => {
        const where = `position('${text}'::bytea in ${column}) > 0`;
        return runSql(database.owner, `select count(*)::int as n from slipway.${table} where ${where}`);
      };
      // The search itself: what is stored as it is, is found.
      assert.deepEqual(await rowsWith(ended.threadId, "messages", "convert_to(thread_id, 'UTF8')"), [{ n: 2 }]);
      assert.deepEqual(await rowsWith(secret, "messages", "content"), [{ n: 0 }]);
      assert.deepEqual(await rowsWith(secret, "runs", "output"), [{ n: 0 }]);
    },
  ],
  [
    "another tenant finds neither thread nor run",
    async ({ runner, conversations, store, say }) => {
      const { ended } = await say("concierge", "private");
      const stranger = randomName("tenant");
      await store.tenants.ensure(stranger, "A stranger");
      await assert.rejects(conversations.get(stranger, ended.threadId), { code: "thread_not_found" });
      await assert.rejects(conversations.messages(stranger, ended.threadId, { limit: 1 }), {
        code: "thread_not_found",
      });
      await assert.rejects(runner.get(stranger, ended.id), { code: "not_found" });
      const turn = { agent: "concierge", threadId: ended.threadId, messages: [{ role: "user" as const, content: [] }] };
      await assert.rejects(runner.prepare(turn, { ...ORIGIN, tenantId: stranger }), { code: "thread_not_found" });
    },
  ],
];

for (const backend of BACKENDS) {
  test(`the agents that ship, on the mock and the store on ${backend.name}`, async (t) => {
    const database = await backend.open(t);
    if (!database) return;
    const house = await setUpHouse(t, database);
    for (const [name, check] of CHECKS) await t.test(name, () => check(house));
  });
}
