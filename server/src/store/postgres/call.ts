import pg, { type Connection, type PoolClient, type QueryResult } from "pg";
import type { Statement } from "./sql.ts";

/*
 * Queries are made here and not by the driver: where it makes one, or watches over its time, it assigns a function to a property of it, and
 * V8 makes such a function where old objects are ("pretenure" in its parser). From there it keeps all that belongs to the query, the text of
 * two hundred records for example, until the next full collection, and every scavenge copies it.
 */

/**
 * A statement whose answer is only that it was done: nobody asks what its rows look like, and none is read. A busy server sends one for
 * every group of records, a hundred times a second. It sends what the driver's own does but for the question
 * (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY).
 */
class Call extends pg.Query {
  readonly #text: string;
  readonly #values: string[];

  constructor(text: string, values: string[], done: (error?: Error) => void) {
    super(text, values, done);
    this.#text = text;
    this.#values = values;
  }

  /** Called by the driver, which sends all of it at once. */
  prepare(connection: Connection): void {
    connection.parse({ name: "", text: this.#text, types: [] }, true);
    connection.bind({ values: this.#values }, true);
    connection.execute({}, true);
    connection.sync();
  }

  handleDataRow(): void {}
}

/** Sends the statement, whose values are texts; rejects with the driver's error. */
export function call(client: PoolClient, { text, values }: Statement<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new Call(text, values.map(String), (error) => (error ? reject(error) : resolve())));
  });
}

/** Sends the statement and answers its rows, as the driver gives them; rejects with the driver's error. */
export function ask(client: PoolClient, { text, values }: Statement<unknown>): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, result: QueryResult): void =>
      error ? reject(error) : resolve(result.rows);
    client.query(new pg.Query(text, [...values], done));
  });
}
