import { textResult } from "@slipway/contracts/model/request.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { isId } from "#lib/ids.ts";
import type { ConversationMessage } from "./content.ts";
import { createConversations, type Conversations } from "./conversations.ts";
import { testEnvelopes, threadsInMemory } from "./testing.ts";

function setUp() {
  const store = threadsInMemory();
  const conversations: Conversations = createConversations({ store, envelopes: testEnvelopes() });
  return { store, conversations };
}

const says = (role: "user" | "assistant", text: string): ConversationMessage => ({
  role,
  content: [{ type: "text", text }],
});
const calls = (...ids: readonly string[]): ConversationMessage => ({
  role: "assistant",
  content: ids.map((id) => ({ type: "tool_call", id, name: "look_up", arguments: "{}" })),
});
const results = (...ids: readonly string[]): ConversationMessage => ({
  role: "tool",
  content: ids.map((id) => ({ type: "tool_result", toolCallId: id, content: textResult(`result of ${id}`) })),
});

test("messages come back as they were appended, in order, with ids", async () => {
  const { conversations } = setUp();
  const thread = await conversations.create("t1", "concierge");
  assert.ok(isId("thr", thread.id));
  const ids = await conversations.append("t1", thread.id, [says("user", "Grüße 👋"), calls("a"), results("a")]);
  await conversations.append("t1", thread.id, [says("assistant", "Done.")]);
  const page = await conversations.messages("t1", thread.id, { limit: 10 });
  assert.deepEqual(
    page.messages.map(({ role }) => role),
    ["user", "assistant", "tool", "assistant"],
  );
  assert.deepEqual(page.messages[0]?.content, [{ type: "text", text: "Grüße 👋" }]);
  assert.deepEqual(
    page.messages.slice(0, 3).map(({ id }) => id),
    ids,
  );
  assert.equal(page.nextCursor, null);
});

test("what is at rest does not hold what was said", async () => {
  const { store, conversations } = setUp();
  const thread = await conversations.create("t1", null);
  await conversations.append("t1", thread.id, [says("user", "my secret plan")]);
  const [stored] = store.all.get(`t1/${thread.id}`) ?? [];
  assert.ok(stored);
  assert.equal(Buffer.from(stored.content).includes("secret"), false);
});

test("a ciphertext moved to another thread, another message or another role does not open", async () => {
  const { store, conversations } = setUp();
  const [one, two] = [await conversations.create("t1", null), await conversations.create("t1", null)];
  await conversations.append("t1", one.id, [says("user", "first"), says("user", "second")]);
  const held = store.all.get(`t1/${one.id}`) ?? [];
  const [first, second] = held;
  assert.ok(first && second);
  const open = () => conversations.latest("t1", one.id, 10);
  assert.equal((await open()).length, 2);

  store.all.set(`t1/${two.id}`, [first]);
  await assert.rejects(conversations.latest("t1", two.id, 10));
  store.all.set(`t1/${one.id}`, [first, { ...second, content: first.content }]);
  await assert.rejects(open());
  store.all.set(`t1/${one.id}`, [{ ...first, role: "assistant" }, second]);
  await assert.rejects(open());
});

test("a thread of another tenant is not found, not even by its id", async () => {
  const { conversations } = setUp();
  const thread = await conversations.create("t1", null);
  for (const id of [thread.id, "thr_00000000000000000000000000", "no id at all", "../x"]) {
    await assert.rejects(conversations.get("t2", id), { code: "thread_not_found", status: 404 });
    await assert.rejects(conversations.messages("t2", id, { limit: 5 }), { code: "thread_not_found" });
  }
  await assert.rejects(conversations.append("t2", thread.id, [says("user", "x")]), { code: "thread_not_found" });
});

test("lists are paged without loss or repetition: threads newest first, messages oldest first", async () => {
  const { conversations } = setUp();
  const made: string[] = [];
  for (let at = 0; at < 5; at += 1) made.push((await conversations.create("t1", null)).id);
  await conversations.create("t2", null);
  const seen: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await conversations.list("t1", cursor === undefined ? { limit: 2 } : { limit: 2, cursor });
    seen.push(...page.threads.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  assert.deepEqual(seen, [...made].reverse());

  const thread = made[0] ?? "";
  await conversations.append(
    "t1",
    thread,
    ["a", "b", "c", "d"].map((text) => says("user", text)),
  );
  const first = await conversations.messages("t1", thread, { limit: 3 });
  const second = await conversations.messages("t1", thread, { limit: 3, cursor: first.nextCursor ?? "" });
  assert.deepEqual(
    [...first.messages, ...second.messages].map(({ content }) => content[0]?.["text"]),
    ["a", "b", "c", "d"],
  );
  assert.equal(second.nextCursor, null);
});

test("a page that cannot be is refused by name", async () => {
  const { conversations } = setUp();
  await assert.rejects(conversations.list("t1", { limit: 0 }), { code: "invalid_request", param: "limit" });
  await assert.rejects(conversations.list("t1", { limit: 201 }), { code: "invalid_request", param: "limit" });
  await assert.rejects(conversations.list("t1", { limit: 1.5 }), { code: "invalid_request", param: "limit" });
  await assert.rejects(conversations.list("t1", { limit: 1, cursor: "x' or 1=1" }), {
    code: "invalid_request",
    param: "cursor",
  });
});

test("a history that is cut begins where a turn begins, never with a result without its call", async () => {
  const { conversations } = setUp();
  const thread = await conversations.create("t1", null);
  await conversations.append("t1", thread.id, [
    says("user", "one"),
    calls("a"),
    results("a"),
    says("assistant", "first answer"),
    says("user", "two"),
    says("assistant", "second answer"),
  ]);
  for (const limit of [2, 3, 4, 5]) {
    const shown = await conversations.latest("t1", thread.id, limit);
    assert.deepEqual(shown, [says("user", "two"), says("assistant", "second answer")], `limit ${limit}`);
  }
  assert.equal((await conversations.latest("t1", thread.id, 6)).length, 6);
});

test("a last turn that is longer than the limit is kept whole", async () => {
  const { conversations } = setUp();
  const thread = await conversations.create("t1", null);
  const turn = [
    says("user", "two"),
    ...["a", "b", "c"].flatMap((id) => [calls(id), results(id)]),
    says("assistant", "done"),
  ];
  await conversations.append("t1", thread.id, [says("user", "one"), says("assistant", "one"), ...turn]);
  const shown = await conversations.latest("t1", thread.id, 4);
  assert.equal(shown.length, turn.length);
  assert.deepEqual(shown[0], says("user", "two"));
});

test("a history of long messages is cut where a turn begins, before it is longer than 32 MiB", async () => {
  const { conversations } = setUp();
  const thread = await conversations.create("t1", null);
  const long = (text: string, megabytes: number) => says("user", text + "x".repeat(megabytes * 1_000_000));
  const turns = [long("one", 9), says("assistant", "a"), long("two", 15), says("assistant", "b"), long("three", 15)];
  await conversations.append("t1", thread.id, turns);
  const words = async () =>
    (await conversations.latest("t1", thread.id, 50)).map(({ content: [part] }) =>
      part?.type === "text" ? part.text.slice(0, 5).replaceAll("x", "") : "",
    );
  assert.deepEqual(await words(), ["two", "b", "three"]);
  await conversations.append("t1", thread.id, [long("four", 34)]);
  assert.deepEqual(await words(), [], "one that is too long by itself");
  await conversations.append("t1", thread.id, [says("assistant", "c"), says("user", "five")]);
  assert.deepEqual(await words(), ["five"]);
});

test("a page of long messages is shorter than was asked for, and the pages together are the conversation", async () => {
  const { conversations } = setUp();
  const thread = await conversations.create("t1", null);
  const sizes = [1, 3, 4, 10, 1, 2, 9];
  const added = sizes.map((size) => says("user", "x".repeat(size * 1_000_000)));
  const ids = await conversations.append("t1", thread.id, added);
  const pages: string[][] = [];
  for (let cursor: string | undefined; ;) {
    const asked = cursor === undefined ? { limit: 200 } : { limit: 200, cursor };
    const page = await conversations.messages("t1", thread.id, asked);
    if (page.messages.length > 0) pages.push(page.messages.map(({ id }) => id));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  assert.deepEqual(pages.flat(), ids);
  assert.deepEqual(
    pages.map(({ length }) => length),
    [3, 1, 2, 1],
  );
});
