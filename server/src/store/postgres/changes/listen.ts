import pg from "pg";
import { retryDelay } from "#lib/backoff.ts";
import type { ChangeListener } from "../../changes.ts";
import { clientConfig, type DatabaseConnection } from "../../connection.ts";

const CONNECT_MS = 5_000;
const CLOSE_MS = 1_000;
const RETRY = { baseMs: 500, capMs: 10_000 };

/** The one connection on which a server listens, made again whenever it is lost. */
class Listening {
  readonly #connection: DatabaseConnection;
  readonly #listener: ChangeListener;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(connection: DatabaseConnection, listener: ChangeListener) {
    this.#connection = connection;
    this.#listener = listener;
  }

  async begin(): Promise<void> {
    const client = new pg.Client({
      ...clientConfig(this.#connection),
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: CONNECT_MS,
    });
    this.#client = client;
    // A connection can end with an error and then close; the first of the two is the one that counts.
    client.once("end", () => this.#again(client, new Error("The connection was closed.")));
    client.on("error", (error: Error) => this.#again(client, error));
    client.on("notification", () => this.#listener.changed());
    try {
      await client.connect();
      await client.query("listen slipway_changes");
    } catch (error) {
      this.#again(client, error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#client !== client) return;
    this.#failures = 0;
    this.#listener.changed();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client) end(client);
  }

  #again(client: pg.Client, error: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    end(client);
    if (this.#closed) return;
    this.#failures += 1;
    if (this.#failures === 1) this.#listener.lost(error);
    const wait = retryDelay(this.#failures, undefined, RETRY, Math.random);
    this.#timer = setTimeout(() => void this.begin(), RETRY.baseMs / 5 + wait);
    this.#timer.unref();
  }
}

/** Says goodbye, and cuts the connection of a database that does not answer it. */
function end(client: pg.Client): void {
  client.on("error", () => {});
  const cut = setTimeout(() => client.connection.stream.destroy(), CLOSE_MS);
  client.end().then(
    () => clearTimeout(cut),
    () => clearTimeout(cut),
  );
}

/**
 * Listens for changes of keys and routes (`LISTEN`, https://www.postgresql.org/docs/current/sql-listen.html). It needs a
 * connection of its own, which a transaction pooler cannot give: behind one nothing is heard, and whoever wants to know must look
 * by himself from time to time, as everybody must who cannot afford to miss a change. The embedded database has one server and
 * one connection, so there nobody else could change anything, and this does nothing.
 */
export function listenForChanges(connection: DatabaseConnection, listener: ChangeListener): { close(): void } {
  if (connection.engine === "embedded") return { close: () => {} };
  const listening = new Listening(connection, listener);
  void listening.begin();
  return listening;
}
