import { once } from "./once.ts";
import { toStoreError } from "./errors.ts";
import type { Pool } from "./pool.ts";
import { sql, type Statement } from "./sql.ts";
import { callAlone, transact, type Rows } from "./transact.ts";

/** A statement that belongs to one tenant. */
export interface TenantStatement<Row> {
  readonly tenantId: string;
  readonly statement: Statement<Row>;
}

/**
 * The only ways to the tables. Each is one transaction under a role that owns nothing; there is none without a role, and none
 * under `slipway_app` without a tenant.
 */
export interface Database {
  /** Runs a statement that sees one tenant's rows and no others. */
  asTenant<Row>(tenantId: string, statement: Statement<Row>): Promise<readonly Row[]>;
  /** Runs statements of several tenants in one commit, each under its own tenant, and answers the rows of each. */
  asTenants<Row>(statements: readonly TenantStatement<Row>[]): Promise<readonly (readonly Row[])[]>;
  /** Runs a statement under the role that may read what authentication needs, of every tenant, and nothing else. */
  asDirectory<Row>(statement: Statement<Row>): Promise<readonly Row[]>;
  /**
   * Calls one of the schema's functions that take on their roles themselves, for what it does: one message and one commit, with no
   * transaction around it. Under the login itself, which may do nothing but call them.
   */
  call(statement: Statement<unknown>): Promise<void>;
  /** Waits for what runs, then closes the connections. */
  close(): Promise<void>;
}

/** Makes the database of a pool. No verb runs before `prove` has succeeded once; a failure is tried again by the next verb. */
export function createDatabase(options: {
  readonly pool: Pool;
  readonly statementTimeoutMs: number;
  /** Rejects when the verbs cannot or must not run on this database. Gets the one way in that it needs. */
  readonly prove: (asDirectory: Database["asDirectory"]) => Promise<void>;
}): Database {
  const { pool } = options;
  // The database ends a statement, or a transaction that waits for a server which is gone.
  const timeout = String(options.statementTimeoutMs);

  const proven = once(() =>
    options.prove(async <Row>(statement: Statement<Row>) => {
      const [, rows] = await transact(pool, [enterDirectory(timeout), statement]);
      return (rows ?? []) as readonly Row[];
    }),
  );

  async function run(statements: readonly Statement<unknown>[]): Promise<readonly Rows[]> {
    try {
      await proven();
      return await transact(pool, statements);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  return {
    async asTenant<Row>(tenantId: string, statement: Statement<Row>) {
      const [, rows] = await run([enterTenant(tenantId, timeout), statement]);
      return (rows ?? []) as readonly Row[];
    },
    async asTenants<Row>(statements: readonly TenantStatement<Row>[]) {
      if (statements.length === 0) return [];
      const all = statements.flatMap(({ tenantId, statement }) => [enterTenant(tenantId, timeout), statement]);
      const rows = await run(all);
      return rows.filter((_, at) => at % 2 === 1) as readonly (readonly Row[])[];
    },
    async asDirectory<Row>(statement: Statement<Row>) {
      const [, rows] = await run([enterDirectory(timeout), statement]);
      return (rows ?? []) as readonly Row[];
    },
    async call(statement: Statement<unknown>) {
      try {
        await proven();
        await callAlone(pool, statement);
      } catch (error) {
        throw toStoreError(error);
      }
    },
    close: () => pool.close(),
  };
}

// set_config('role', …, true) is SET LOCAL ROLE (https://www.postgresql.org/docs/current/functions-admin.html); as one
// statement with the tenant it needs one message, and it ends with the transaction, which a transaction pooler requires.
function enterTenant(tenantId: string, timeout: string): Statement<unknown> {
  return sql`select set_config('role', 'slipway_app', true), set_config('slipway.tenant_id', ${tenantId}, true),
    set_config('statement_timeout', ${timeout}, true), set_config('idle_in_transaction_session_timeout', ${timeout}, true)`;
}

function enterDirectory(timeout: string): Statement<unknown> {
  return sql`select set_config('role', 'slipway_directory', true),
    set_config('statement_timeout', ${timeout}, true), set_config('idle_in_transaction_session_timeout', ${timeout}, true)`;
}
