import pg from "pg";
import { clientConfig, type DatabaseConnection } from "../connection.ts";
import { toStoreError } from "./errors.ts";
import type { Query } from "./isolation/problems.ts";

/**
 * Runs work on a connection of its own, outside of the pool, under the login itself: for the checks at start, which read the
 * catalogue and no row of a tenant.
 */
export async function withClient<Result>(
  connection: DatabaseConnection,
  timeoutMs: number,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    ...clientConfig(connection),
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    pipeline: true,
  });
  // Whatever breaks the connection also rejects what waits on it.
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(async <Row>({ text, values }: { text: string; values: readonly unknown[] }) => {
      const answer = await client.query<Record<string, unknown>>({ text, values: [...values] });
      return answer.rows as readonly unknown[] as readonly Row[];
    });
  } catch (error) {
    throw toStoreError(error);
  } finally {
    await close(client);
  }
}

const CLOSE_MS = 1000;

/** Says goodbye, and cuts the connection of a database that does not answer it. */
async function close(client: pg.Client): Promise<void> {
  const cut = setTimeout(() => client.connection.stream.destroy(), CLOSE_MS);
  await client.end();
  clearTimeout(cut);
}
