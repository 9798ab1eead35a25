import assert from "node:assert/strict";
import type { TestContext } from "node:test";

/** The address of a PostgreSQL whose superuser we are, or undefined after the test was skipped with its reason. */
export async function testPostgres(t: TestContext): Promise<string | undefined> {
  const url = process.env.TEST_DATABASE_URL;
  if (url !== undefined && url !== "") return url;
  const reason = "no PostgreSQL: set TEST_DATABASE_URL to a superuser's postgresql:// address";
  if (process.env.CI) assert.fail(reason);
  t.skip(reason);
  return undefined;
}
