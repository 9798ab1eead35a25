import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReference } from "@slipway/contracts/spec/secret-reference.ts";
import { createSecrets } from "./secrets.ts";
import { fakeCloud } from "./testing.ts";
import { keepLease } from "./token.ts";

/** A server in a role of Vault's, which has given out tokens of an hour; one of them is good. */
function vault() {
  const state = { logins: 0, good: "token-1", denied: false };
  const cloud = fakeCloud(({ url, headers }) => {
    if (url.endsWith("/login")) {
      state.logins += 1;
      return { auth: { client_token: `token-${state.logins}`, lease_duration: 3600 } };
    }
    if (state.denied || headers["x-vault-token"] !== state.good) return 403;
    return { data: { data: { key: "secret" } } };
  });
  const environment = { VAULT_ADDR: "https://v", VAULT_ROLE: "slipway", VAULT_JWT_FILE: import.meta.filename };
  const secrets = createSecrets({ egress: cloud.egress, environment, ttlMs: 0 });
  return { state, cloud, read: () => secrets.read(parseReference("vault://secret/a#key")) };
}

test("a token of Vault's that was revoked before its end is got anew with the first refusal", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  const { state, read } = vault();
  assert.equal(await read(), "secret");
  t.mock.timers.tick(60_000);
  state.good = "token-2";
  assert.deepEqual(await Promise.all([read(), read()]), ["secret", "secret"]);
  assert.equal(state.logins, 2, "both had one new token");
});

test("who may not read something does not make a token be got with each question", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: 1_700_000_000_000 });
  const { state, cloud, read } = vault();
  state.denied = true;
  for (let n = 0; n < 10; n += 1) await assert.rejects(read(), { code: "secret_unavailable", message: /403/ });
  assert.deepEqual([state.logins, cloud.requests.length], [1, 11]);
  t.mock.timers.tick(30_000);
  for (let n = 0; n < 10; n += 1) await assert.rejects(read(), { code: "secret_unavailable" });
  assert.equal(state.logins, 2);
});

test("what names no end that can be read is not kept", async () => {
  let got = 0;
  const lease = keepLease(() => Promise.resolve({ value: (got += 1), until: Number("tomorrow") }));
  assert.deepEqual([await lease.get(), await lease.get()], [1, 2]);
  // Control: with an end it is.
  const kept = keepLease(() => Promise.resolve({ value: (got += 1), until: Date.now() + 120_000 }));
  assert.deepEqual([await kept.get(), await kept.get()], [3, 3]);
});
