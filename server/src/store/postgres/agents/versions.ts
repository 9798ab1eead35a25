import type { StoredAgentVersion } from "../../agents.ts";
import { sql, type Statement } from "../sql.ts";

export function agentVersion(
  tenantId: string,
  name: string,
  version: number,
  hash: string,
): Statement<StoredAgentVersion> {
  return sql`
    select version, encode(hash, 'hex') as hash, spec, made_by as "madeBy", created_at as "createdAt"
    from slipway.agent_versions
    where tenant_id = ${tenantId} and name = ${name} and version = ${version} and hash = decode(${hash}, 'hex')`;
}

export function agentVersions(
  tenantId: string,
  name: string,
  page: { readonly limit: number; readonly before?: number },
): Statement<StoredAgentVersion> {
  return sql`
    select version, encode(hash, 'hex') as hash, spec, made_by as "madeBy", created_at as "createdAt"
    from slipway.agent_versions
    where tenant_id = ${tenantId} and name = ${name} and version < ${page.before ?? 2 ** 31 - 1}
    order by version desc
    limit ${page.limit}`;
}
