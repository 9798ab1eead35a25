import assert from "node:assert/strict";
import { test } from "node:test";
import { assertEndsWith } from "./grants.ts";
import { createPrincipal, type PrincipalParts } from "./principal.ts";

const HOUR_MS = 3_600_000;

function mayMake(parts: Pick<PrincipalParts, "via" | "keyId" | "expiresAt">, end: number | null): boolean {
  const caller = createPrincipal({ tenantId: "t", keyName: "K", role: "admin", ...parts });
  try {
    assertEndsWith(caller, end === null ? null : new Date(end));
    return true;
  } catch {
    return false;
  }
}

test("what ends on a day makes no key that outlives it, nor does a session that it opened", () => {
  const expiresAt = Date.now() + HOUR_MS;
  for (const via of ["key", "session"] as const) {
    const ending = { via, keyId: "key_1", expiresAt };
    assert.equal(mayMake(ending, null), false);
    assert.equal(mayMake(ending, expiresAt + 1), false);
    assert.equal(mayMake(ending, expiresAt), true);
    assert.equal(mayMake({ via, keyId: "key_1", expiresAt: Infinity }, null), true);
  }
  // Control: people who signed in at an issuer make keys of their own; their sessions and tokens are short.
  for (const keyId of ["user:usr_1", "token:corp:x"]) {
    assert.equal(mayMake({ via: "session", keyId, expiresAt }, null), true);
    assert.equal(mayMake({ via: "token", keyId, expiresAt }, null), true);
  }
});
