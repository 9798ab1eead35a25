import type { DatabaseConnection } from "../../connection.ts";
import type { Statement } from "../sql.ts";
import { reachableRoles, sessionRoles, type RolePowers } from "./roles.ts";
import { excessRights, permissivePolicies, tenantTables, type Policy, type TenantTable } from "./tables.ts";

/** Runs one statement and answers its rows. */
export type Query = <Row>(statement: Statement<Row>) => Promise<readonly Row[]>;

const ROLES = ["slipway_app", "slipway_directory"];

// As PostgreSQL writes the conditions of the migrations back (pg_get_expr).
const OWN_TENANT = "(tenant_id = current_setting('slipway.tenant_id'::text, true))";
/** What the directory's role may read, by table. */
const DIRECTORY: ReadonlyMap<string, string> = new Map([
  ["api_keys", "((CURRENT_USER = 'slipway_directory'::name) AND (revoked_at IS NULL))"],
  ["users", "(CURRENT_USER = 'slipway_directory'::name)"],
  ["tenants", "(CURRENT_USER = 'slipway_directory'::name)"],
  ["provider_keys", "(CURRENT_USER = 'slipway_directory'::name)"],
  ["sessions", "COALESCE((CURRENT_USER = 'slipway_directory'::name), false)"],
  ["routes", "(CURRENT_USER = 'slipway_directory'::name)"],
  ["agents", "(CURRENT_USER = 'slipway_directory'::name)"],
  ["limits", "(CURRENT_USER = 'slipway_directory'::name)"],
  ["audit_pending", "COALESCE((CURRENT_USER = 'slipway_directory'::name), false)"],
  ["audit_chain", "COALESCE((CURRENT_USER = 'slipway_directory'::name), false)"],
  ["audit_checkpoints", "COALESCE((CURRENT_USER = 'slipway_directory'::name), false)"],
]);

/**
 * Everything by which the server's login, or its roles, could get round row level security: one sentence each, none when
 * tenants are apart. On the embedded database the session is its superuser, so there the roles alone are looked at.
 * A database without our tables has no problem yet. While migrations are pending (`scope` `roles`) tables are half made and
 * served to nobody: only what roles can do counts, and whether the login is let into them.
 */
export async function isolationProblems(
  query: Query,
  engine: DatabaseConnection["engine"],
  scope: "all" | "roles" = "all",
): Promise<readonly string[]> {
  // In this order: a migration that commits in between lets the login in with the tables that it makes.
  const tables = await query(tenantTables());
  const session = await query(sessionRoles());
  const roles = session.filter((row) => row.exists).map((row) => row.role);
  const login = session[0]?.login;
  if (engine === "postgresql" && login !== undefined) roles.unshift(login);
  const powers = await Promise.all(roles.map((role) => roleProblems(query, role)));
  // Before the first migration there is nothing to be let into yet.
  const ungranted =
    engine === "postgresql" && tables.length > 0 ? session.filter((row) => row.exists && !row.granted) : [];
  const found = [...ungranted.map((row) => `The login ${row.login} may not become ${row.role}.`), ...powers.flat()];
  return scope === "roles" ? found : [...found, ...(await tableProblems(query, tables))];
}

async function roleProblems(query: Query, role: string): Promise<readonly string[]> {
  const [reachable, rights] = await Promise.all([query(reachableRoles(role)), query(excessRights(role))]);
  const self = reachable.find((powers) => powers.role === role);
  // A superuser can become everyone; to list them all would hide the one thing to change.
  if (self?.superuser) return [`${role} is a superuser.`];
  const problems = reachable.flatMap((powers) => describe(role, powers));
  return [...problems, ...rights.map(({ right, table }) => `${role} has ${right} on slipway.${table}.`)];
}

function describe(role: string, powers: RolePowers): readonly string[] {
  const who = powers.role === role ? role : `${role} can become ${powers.role}, which`;
  const is = powers.role === role ? `${role} is` : `${who} is`;
  return [
    ...(powers.superuser ? [`${is} a superuser.`] : []),
    ...(powers.bypassesRls ? [`${who} has BYPASSRLS.`] : []),
    ...(powers.makesRoles ? [`${who} has CREATEROLE, and so could give itself the tables' owner.`] : []),
    ...(powers.replicates ? [`${who} has REPLICATION, and so could copy every row.`] : []),
    ...(powers.owns ? [`${who} owns tables of Slipway, or their schema.`] : []),
    ...(powers.reachesHost ? [`${is} one of the roles that reach the database server's files or programs.`] : []),
    ...(ROLES.includes(role) && ROLES.includes(powers.role) && powers.role !== role ? [`${who} it must not be.`] : []),
  ];
}

async function tableProblems(query: Query, tables: readonly TenantTable[]): Promise<readonly string[]> {
  const policies = await query(permissivePolicies());
  const problems = policies.flatMap((policy) =>
    isOwnTenant(policy) || isDirectory(policy)
      ? []
      : [`The policy ${policy.policy} on slipway.${policy.table} is none of ours and lets rows through.`],
  );
  for (const { table, enabled, forced } of tables) {
    if (!enabled || !forced)
      problems.push(`Row level security is not ${enabled ? "forced" : "enabled"} on slipway.${table}.`);
    if (!policies.some((policy) => policy.table === table && isOwnTenant(policy))) {
      problems.push(`slipway.${table} has no policy that keeps tenants apart.`);
    }
  }
  return problems;
}

function isOwnTenant(policy: Policy): boolean {
  return isFor(policy, "slipway_app") && policy.using === OWN_TENANT && (policy.check ?? OWN_TENANT) === OWN_TENANT;
}

function isDirectory(policy: Policy): boolean {
  const using = DIRECTORY.get(policy.table);
  return using !== undefined && policy.readOnly && isFor(policy, "slipway_directory") && policy.using === using;
}

function isFor(policy: Policy, role: string): boolean {
  return policy.roles.length === 1 && policy.roles[0] === role;
}
