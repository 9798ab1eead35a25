import { textResult, toolResultText } from "@slipway/contracts/model/request.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ConversationMessage } from "./content.ts";
import { wholeHistory } from "./whole-history.ts";

const user: ConversationMessage = { role: "user", content: [{ type: "text", text: "hello" }] };
const call = (...ids: readonly string[]): ConversationMessage => ({
  role: "assistant",
  content: ids.map((id) => ({ type: "tool_call", id, name: "look_up", arguments: "{}" })),
});
const result = (id: string, text = `result of ${id}`): ConversationMessage => ({
  role: "tool",
  content: [{ type: "tool_result", toolCallId: id, content: textResult(text) }],
});

/** What is wrong with a history in the eyes of a provider; empty when nothing is. */
function faults(messages: readonly ConversationMessage[]): string[] {
  const found: string[] = [];
  for (const [at, message] of messages.entries()) {
    const asked = message.role === "assistant" ? message.content.filter((part) => part.type === "tool_call") : [];
    const next = messages[at + 1];
    const answered = next?.role === "tool" ? next.content.filter((part) => part.type === "tool_result") : [];
    const ids = answered.map((part) => part.toolCallId);
    if (asked.length > 0 && asked.map(({ id }) => id).join() !== ids.join())
      found.push(`calls of ${at} are not answered`);
    if (message.role === "tool" && messages[at - 1]?.role !== "assistant")
      found.push(`results at ${at} answer nothing`);
    if (message.content.length === 0) found.push(`${at} is empty`);
  }
  return found;
}

test("a whole history stays as it is", () => {
  const history = [user, call("a"), result("a"), user];
  assert.deepEqual(faults(history), []);
  assert.deepEqual(wholeHistory(history), history);
});

test("a call that was never answered is told to the model as interrupted", () => {
  const whole = wholeHistory([user, call("a", "b"), result("b"), user]);
  assert.deepEqual(faults(whole), []);
  const [a, b] = whole[2]?.content ?? [];
  assert.ok(a?.type === "tool_result" && a.isError === true && /interrupted/.test(toolResultText(a)));
  assert.ok(b?.type === "tool_result" && toolResultText(b) === "result of b" && b.isError === undefined);
});

test("a result without its call is left out", () => {
  assert.deepEqual(wholeHistory([result("a"), user, result("b")]), [user]);
});

test("a result that another run's message parted from its call is put back behind it", () => {
  const whole = wholeHistory([user, call("a"), user, result("a")]);
  assert.deepEqual(whole, [user, call("a"), result("a"), user]);
});

test("where ids are used again, each call keeps the result of its own turn", () => {
  const whole = wholeHistory([user, call("1"), user, call("1"), result("1", "second")]);
  assert.deepEqual(faults(whole), []);
  const texts = whole.flatMap(({ content }) =>
    content.flatMap((part) => (part.type === "tool_result" ? [toolResultText(part)] : [])),
  );
  assert.match(texts[0] ?? "", /interrupted/);
  assert.equal(texts[1], "second");
});

test("whatever is left of a conversation, a provider can take it", () => {
  const id = fc.constantFrom("a", "b", "c");
  const message = fc.oneof(
    fc.constant(user),
    fc.constant<ConversationMessage>({ role: "assistant", content: [] }),
    fc.uniqueArray(id, { minLength: 1 }).map((ids) => call(...ids)),
    id.map((name) => result(name)),
  );
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), (history) => {
      assert.deepEqual(faults(wholeHistory(history)), []);
    }),
    { numRuns: 500 },
  );
});

test("the checker of these tests sees each of the faults", () => {
  assert.equal(faults([call("a"), user]).length, 1);
  assert.equal(faults([user, result("a")]).length, 1);
  assert.equal(faults([call("a", "b"), result("a")]).length, 1);
  assert.equal(faults([{ role: "assistant", content: [] }]).length, 1);
});
