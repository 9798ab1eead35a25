import type { PoolClient } from "pg";
import { ask, call } from "./call.ts";
import { sqlState } from "./errors.ts";
import type { Pool } from "./pool.ts";
import { sql, type Statement } from "./sql.ts";

const BEGIN = sql`begin`;
const COMMIT = sql`commit`;

/** Rows of a statement's answer, as the driver gives them. */
export type Rows = readonly unknown[];

/**
 * Runs the statements in one transaction and answers the rows of each. All of it leaves in one flight: a transaction costs one
 * round trip, however many statements it has. When one fails the database skips the rest, and the commit is a rollback.
 */
export async function transact(pool: Pool, statements: readonly Statement<unknown>[]): Promise<readonly Rows[]> {
  const client = await pool.acquire();
  const sent = [BEGIN, ...statements, COMMIT].map((statement) => ask(client, statement));
  const outcomes = await Promise.allSettled(sent);
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  client.release(mustBeDropped(client, failure?.reason));
  if (failure) throw failure.reason;
  return outcomes.slice(1, -1).map((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
}

/** Runs one statement by itself, for what it does: the database makes it a transaction. */
export async function callAlone(pool: Pool, statement: Statement<unknown>): Promise<void> {
  const client = await pool.acquire();
  let failure: unknown;
  try {
    await call(client, statement);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    client.release(mustBeDropped(client, failure));
  }
}

/** A connection goes back to the pool only when the database itself said that it is outside of any transaction. */
function mustBeDropped(client: PoolClient, failure: unknown): boolean {
  if (failure !== undefined && sqlState(failure) === undefined) return true;
  return client.getTransactionStatus() !== "I";
}
