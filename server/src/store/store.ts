import type { StoredAgents } from "./agents.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { AuditChain } from "./audit-chain.ts";
import type { AuditRecords } from "./audit-records.ts";
import type { AuditSinks } from "./audit-sinks.ts";
import type { ChangeListener } from "./changes.ts";
import type { Directory } from "./directory.ts";
import type { IdempotencyRecords } from "./idempotency-records.ts";
import type { KeptAnswers } from "./kept-answers.ts";
import type { Limits } from "./limits.ts";
import type { Messages } from "./messages.ts";
import type { ProviderKeys } from "./provider-keys.ts";
import type { Routes } from "./routes.ts";
import type { Runs } from "./runs.ts";
import type { Sessions } from "./sessions.ts";
import type { Subjects } from "./subjects.ts";
import type { Tenants } from "./tenants.ts";
import type { Threads } from "./threads.ts";
import type { UsageLedger } from "./usage-ledger.ts";
import type { Users } from "./users.ts";

/**
 * All data at rest, one aggregate a field, each in the domain's words.
 * Every verb names its tenant and runs in a transaction that can see that tenant only; `directory` alone reads across tenants.
 * Every verb ends within a bound. One that cannot reach the database, or finds it without its migrations, throws
 * `database_unavailable`; one on a database that would not keep tenants apart throws `database_unsafe`.
 */
export interface Store {
  readonly tenants: Tenants;
  readonly apiKeys: ApiKeys;
  readonly users: Users;
  readonly directory: Directory;
  readonly routes: Routes;
  readonly providerKeys: ProviderKeys;
  readonly limits: Limits;
  readonly agents: StoredAgents;
  readonly sessions: Sessions;
  readonly subjects: Subjects;
  readonly threads: Threads;
  readonly messages: Messages;
  readonly runs: Runs;
  readonly keptAnswers: KeptAnswers;
  readonly usageLedger: UsageLedger;
  readonly auditRecords: AuditRecords;
  readonly auditSinks: AuditSinks;
  readonly auditChain: AuditChain;
  readonly idempotency: IdempotencyRecords;
  /** Resolves when the database answers within `timeoutMs` and every migration that this code knows has run; rejects with what is missing. */
  ready(timeoutMs: number): Promise<void>;
  /** Listens for changes of keys and routes on a connection of its own. Hearing nothing proves nothing: look as well. */
  listen(listener: ChangeListener): { close(): void };
  /** Waits for running statements, then closes every connection. May be called twice. */
  close(): Promise<void>;
}
