import { SlipwayError } from "@slipway/contracts/errors.ts";

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const PASSING_CLASSES = new Set(["08", "53", "57"]);
const PASSING = new Set(["25006", "25P03", "25P04", "40001", "40P01", "55P03", "58000", "58030"]);
const LOGIN = new Set(["28000", "28P01", "3D000"]);
const NOT_MIGRATED = new Set(["3F000", "42P01", "42703"]);
const NO_SUCH_ROLE = "22023";
const NOT_ALLOWED = "42501";

/** Seconds after which it is worth trying again. */
const RETRY_AFTER = 2;

/** What of a database error may go into the log: no statement, no row. */
export interface DatabaseErrorFacts {
  readonly code: string | undefined;
  readonly message: string;
  readonly constraint: string | undefined;
  readonly table: string | undefined;
}

/** The five-character code of an error that the database itself answered, or undefined. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : undefined;
}

/** True when the database broke a constraint of this kind: `foreign_key` or `unique`. */
export function violates(error: unknown, kind: "foreign_key" | "unique"): boolean {
  const cause = error instanceof SlipwayError ? error.cause : error;
  return sqlState(cause) === (kind === "foreign_key" ? "23503" : "23505");
}

/** The name of the constraint that the database broke. */
export function violatedConstraint(error: unknown): string | undefined {
  return textOf(error instanceof SlipwayError ? error.cause : error, "constraint");
}

/** True when the database refused to leave a tenant without an owner (`slipway.keep_last_owner`). */
export function keepsLastOwner(error: unknown): boolean {
  return sqlState(error instanceof SlipwayError ? error.cause : error) === "SW001";
}

/** Database unavailable, with the reason kept for the log. */
export function unavailable(message: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError("database_unavailable", message, { hint, retryAfter: RETRY_AFTER, cause });
}

/**
 * Any error of the driver as one of ours. What the database said stays in `cause`, without the statement and without rows.
 */
export function toStoreError(error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  const state = sqlState(error);
  const cause = withoutRows(error);
  if (state === undefined)
    return unavailable("The database does not answer.", "Check that it runs and that DATABASE_URL is right.", cause);
  if (PASSING_CLASSES.has(state.slice(0, 2)) || PASSING.has(state)) {
    return unavailable("The database cannot take the request now.", "Try again in a moment.", cause);
  }
  if (LOGIN.has(state)) {
    return unavailable(
      "The database refuses the login.",
      "Check user, password and database name in DATABASE_URL.",
      cause,
    );
  }
  if (NOT_MIGRATED.has(state) || state === NO_SUCH_ROLE) {
    return unavailable("The database lacks what this version needs.", "Run the migrations: ./slipway migrate", cause);
  }
  if (state === NOT_ALLOWED) {
    return unavailable(
      "The database login may not do this.",
      "Grant it the roles: grant slipway_app, slipway_directory to <login>;",
      cause,
    );
  }
  return new SlipwayError("internal", "The database refused a statement of the server.", {
    hint: "This is a defect of the server; report the request id.",
    cause,
  });
}

/** An error that keeps the code and the first line of what went wrong, and drops `detail`, `where` and the statement. */
function withoutRows(error: unknown): Error {
  const facts: DatabaseErrorFacts = {
    code: textOf(error, "code"),
    message: textOf(error, "message") ?? "unknown error",
    constraint: textOf(error, "constraint"),
    table: textOf(error, "table"),
  };
  return Object.assign(new Error(facts.message), facts);
}

function textOf(error: unknown, name: string): string | undefined {
  if (typeof error !== "object" || error === null || !(name in error)) return undefined;
  const value = (error as Record<string, unknown>)[name];
  return typeof value === "string" ? value : undefined;
}
