import assert from "node:assert/strict";
import { test } from "node:test";
import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { ModelEvent } from "@slipway/contracts/model/event.ts";
import type { CommitWaiter } from "#audit/commit-queue.ts";
import { type CallEnd, ServedCall } from "./served-call.ts";

/** An answer whose end waits for its record; answers what its client and its context are told. */
function serve() {
  const context: { code: string | undefined } = { code: undefined };
  const told: string[] = [];
  let waits: CommitWaiter | undefined;
  const sink = {
    event: (event: ModelEvent) => void told.push(event.type),
    end: () => void told.push("end"),
    // As it is when the client hears of it, which is when what is kept of the answer is decided.
    fail: (error: SlipwayError) => void told.push(`${error.code}, noted as ${context.code ?? "nothing"}`),
  };
  const onEnd = (end: CallEnd, waiter?: CommitWaiter): boolean => {
    context.code = end.error?.code;
    waits = waiter;
    return true;
  };
  const call = new ServedCall(sink, { settle: () => {} }, onEnd, { context });
  call.event({ type: "text", text: "half" });
  call.end();
  return { told, context, committed: (ok: boolean) => waits?.committed(ok) };
}

test("the end that is withheld, because it could not be recorded, is known by its error before the client is", () => {
  const { told, committed } = serve();
  assert.deepEqual(told, ["text"]);
  committed(false);
  assert.deepEqual(told, ["text", "audit_unavailable, noted as audit_unavailable"]);
});

test("control: an end that is recorded is no error", () => {
  const { told, context, committed } = serve();
  committed(true);
  assert.deepEqual([told, context.code], [["text", "end"], undefined]);
});
