import type { Name } from "./openapi-schemas.ts";

/** One operation of the REST API. */
export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** With `{name}` for a parameter. */
  readonly path: string;
  readonly summary: string;
  readonly body?: Name;
  readonly status: 200 | 201 | 204 | 302;
  readonly answer?: Name;
  /** Takes `limit` and `cursor`. */
  readonly paged?: true;
  /** Query parameters of its own. */
  readonly query?: readonly { readonly name: string; readonly description: string; readonly schema: object }[];
  /** Takes `If-Match`. */
  readonly matched?: true;
  /** Takes `Idempotency-Key`. */
  readonly once?: true;
  /** The answer is JSON lines. */
  readonly lines?: true;
  /** What was not there before is answered alike, with 201. */
  readonly makes?: true;
  /** The answer may also be a stream of server-sent events, with 200. */
  readonly streams?: true;
}

const AUDIT_QUERY = [
  ...["actor", "target", "requestId"].map((name) => ({
    name,
    description: "Records with exactly this.",
    schema: { type: "string" },
  })),
  {
    name: "action",
    description: "For example `model.call`; `api_key.*` for all that begin so.",
    schema: { type: "string" },
  },
  { name: "outcome", description: "ok, denied, error or aborted.", schema: { type: "string" } },
  { name: "from", description: "From this time or day (UTC) on.", schema: { type: "string" } },
  { name: "to", description: "Before this time or day.", schema: { type: "string" } },
  {
    name: "limit",
    description: "Records of a page.",
    schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
  },
  { name: "cursor", description: "`nextCursor` of the page before.", schema: { type: "string" } },
];

/** Every operation under `/api/v1`; a test holds this list against the routes that are registered. */
export const OPERATIONS: readonly Operation[] = [
  {
    method: "delete",
    path: "/api/v1/session/all",
    summary: "Sign out everywhere: ends every session of whoever is signed in.",
    status: 204,
  },
  {
    method: "get",
    path: "/api/v1/session/issuers",
    summary: "Where people can sign in by OpenID Connect.",
    status: 200,
    answer: "SignInIssuers",
  },
  {
    method: "get",
    path: "/api/v1/session/begin",
    summary: "Begin to sign in: leads the browser to the issuer.",
    query: [
      { name: "issuer", description: "Its name.", schema: { type: "string" } },
      { name: "return", description: "The console's page to go to afterwards.", schema: { type: "string" } },
    ],
    status: 302,
  },
  {
    method: "get",
    path: "/api/v1/session/callback",
    summary: "Where the issuer sends the browser back to: opens the session and leads to the console.",
    status: 302,
  },
  {
    method: "get",
    path: "/api/v1/audit-sinks",
    summary:
      "Where audit records are sent and how the sinks are doing; to the operator's tenant also how far each has come.",
    status: 200,
    answer: "AuditSinkList",
  },
  {
    method: "post",
    path: "/api/v1/audit-sinks/resume",
    summary: "Let a sink that failed, was refused or disabled try again now. For the operator's tenant.",
    body: "ResumeAuditSink",
    status: 204,
  },
  { method: "get", path: "/api/v1/openapi.json", summary: "This document.", status: 200 },
  {
    method: "post",
    path: "/api/v1/session",
    summary: "Sign the console in with an API key.",
    body: "SignIn",
    status: 201,
    answer: "Session",
  },
  { method: "get", path: "/api/v1/session", summary: "Who is signed in.", status: 200, answer: "Session" },
  { method: "delete", path: "/api/v1/session", summary: "Sign out.", status: 204 },
  {
    method: "post",
    path: "/api/v1/api-keys",
    summary: "Make an API key.",
    body: "CreateApiKey",
    status: 201,
    answer: "CreatedApiKey",
    once: true,
  },
  {
    method: "get",
    path: "/api/v1/api-keys",
    summary: "The tenant's API keys, newest first.",
    status: 200,
    answer: "ApiKeyList",
  },
  { method: "get", path: "/api/v1/api-keys/{id}", summary: "One API key.", status: 200, answer: "ApiKey" },
  {
    method: "patch",
    path: "/api/v1/api-keys/{id}",
    summary: "Change an API key's name, role, scopes or end.",
    body: "UpdateApiKey",
    status: 200,
    answer: "ApiKey",
  },
  {
    method: "post",
    path: "/api/v1/api-keys/{id}/rotate",
    summary: "Give an API key a new secret; the old one stays good for a while.",
    body: "RotateApiKey",
    status: 200,
    answer: "CreatedApiKey",
    once: true,
  },
  { method: "delete", path: "/api/v1/api-keys/{id}", summary: "Revoke an API key.", status: 204 },
  {
    method: "post",
    path: "/api/v1/users",
    summary: "Make a user.",
    body: "CreateUser",
    status: 201,
    answer: "User",
  },
  {
    method: "get",
    path: "/api/v1/users",
    summary: "The tenant's users, newest first.",
    status: 200,
    answer: "UserList",
  },
  { method: "get", path: "/api/v1/users/{id}", summary: "One user.", status: 200, answer: "User" },
  {
    method: "patch",
    path: "/api/v1/users/{id}",
    summary: "Change a user's name or role, or let the user in or out.",
    body: "UpdateUser",
    status: 200,
    answer: "User",
  },
  { method: "delete", path: "/api/v1/users/{id}", summary: "Remove a user; the user's keys are revoked.", status: 204 },
  {
    method: "get",
    path: "/api/v1/me",
    summary: "Who the caller is, and what it may do.",
    status: 200,
    answer: "Caller",
  },
  {
    method: "post",
    path: "/api/v1/tenants",
    summary: "Make a tenant with the key of its first owner; the environment's key only.",
    body: "CreateTenant",
    status: 201,
    answer: "CreatedTenant",
    once: true,
  },
  {
    method: "get",
    path: "/api/v1/tenants",
    summary: "The installation's tenants by id; the environment's key only.",
    query: [{ name: "cursor", description: "`nextCursor` of the page before.", schema: { type: "string" } }],
    status: 200,
    answer: "TenantList",
  },
  {
    method: "get",
    path: "/api/v1/routes",
    summary: "The routes in force for the tenant: its own, then those of slipway.yaml.",
    status: 200,
    answer: "RouteList",
  },
  {
    method: "get",
    path: "/api/v1/routes/{name}",
    summary: "One of the tenant's own routes.",
    status: 200,
    answer: "Route",
  },
  {
    method: "put",
    path: "/api/v1/routes/{name}",
    summary: "Make a route of the tenant's own (201), or replace it (200).",
    body: "PutRoute",
    status: 200,
    makes: true,
    answer: "Route",
  },
  { method: "delete", path: "/api/v1/routes/{name}", summary: "Remove a route.", status: 204 },
  {
    method: "get",
    path: "/api/v1/provider-keys",
    summary: "The tenant's own keys at model vendors, without the keys.",
    status: 200,
    answer: "ProviderKeyList",
  },
  {
    method: "put",
    path: "/api/v1/provider-keys/{provider}",
    summary: "Put a key of the tenant's own, by which its calls of this provider are made. It is never answered again.",
    body: "PutProviderKey",
    status: 200,
    answer: "ProviderKey",
  },
  {
    method: "delete",
    path: "/api/v1/provider-keys/{provider}",
    summary: "Remove a key of the tenant's own.",
    status: 204,
  },
  {
    method: "get",
    path: "/api/v1/limits",
    summary: "The limits in force for the tenant: its own and those of slipway.yaml.",
    status: 200,
    answer: "LimitList",
  },
  {
    method: "get",
    path: "/api/v1/limits/{name}",
    summary: "One of the tenant's own limits.",
    status: 200,
    answer: "Limit",
  },
  {
    method: "put",
    path: "/api/v1/limits/{name}",
    summary: "Make a limit or budget of the tenant's own (201), or replace it (200).",
    body: "PutLimit",
    status: 200,
    makes: true,
    answer: "Limit",
  },
  { method: "delete", path: "/api/v1/limits/{name}", summary: "Remove a limit.", status: 204 },
  {
    method: "get",
    path: "/api/v1/agents",
    summary: "The agents of files and the tenant's own, broken ones too.",
    status: 200,
    answer: "AgentList",
  },
  {
    method: "post",
    path: "/api/v1/agents",
    summary: "Make an agent of the tenant's own; it belongs to the caller's user.",
    body: "CreateAgent",
    status: 201,
    answer: "Agent",
  },
  { method: "get", path: "/api/v1/agents/{name}", summary: "One agent.", status: 200, answer: "Agent" },
  {
    method: "put",
    path: "/api/v1/agents/{name}",
    summary: "Change an agent of the tenant's own: its next version.",
    body: "PutAgent",
    matched: true,
    status: 200,
    answer: "Agent",
  },
  {
    method: "delete",
    path: "/api/v1/agents/{name}",
    summary: "Remove an agent of the tenant's own; its runs and threads stay.",
    matched: true,
    status: 204,
  },
  {
    method: "get",
    path: "/api/v1/agents/{name}/versions",
    summary: "What an agent of the tenant's own has been, newest first.",
    query: [
      {
        name: "limit",
        description: "Versions of a page.",
        schema: { type: "integer", minimum: 1, maximum: 50, default: 20 },
      },
      { name: "cursor", description: "`nextCursor` of the page before.", schema: { type: "string" } },
    ],
    status: 200,
    answer: "AgentVersionList",
  },
  {
    method: "post",
    path: "/api/v1/agents/{name}/runs",
    summary: "Run an agent.",
    body: "CreateRun",
    status: 201,
    answer: "Run",
    once: true,
    streams: true,
  },
  { method: "get", path: "/api/v1/runs/{id}", summary: "One run.", status: 200, answer: "Run" },
  {
    method: "get",
    path: "/api/v1/threads",
    summary: "The tenant's threads, newest first.",
    status: 200,
    answer: "ThreadList",
    paged: true,
  },
  { method: "get", path: "/api/v1/threads/{id}", summary: "One thread.", status: 200, answer: "Thread" },
  {
    method: "get",
    path: "/api/v1/threads/{id}/messages",
    summary: "A thread's messages, oldest first.",
    status: 200,
    answer: "ThreadMessageList",
    paged: true,
  },
  {
    method: "get",
    path: "/api/v1/audit-records",
    summary: "The tenant's audit records, newest first.",
    query: AUDIT_QUERY,
    status: 200,
    answer: "AuditRecordList",
  },
  {
    method: "get",
    path: "/api/v1/audit-records/export",
    summary: "The tenant's audit log up to its newest checkpoint, as JSON lines (see docs/reference/audit.md).",
    status: 200,
    lines: true,
  },
  {
    method: "get",
    path: "/api/v1/audit-records/{id}/content",
    summary: "What was said, as far as the record's level keeps it, redacted.",
    status: 200,
    answer: "AuditContent",
  },
  {
    method: "get",
    path: "/api/v1/audit-key",
    summary: "The public key of the tenant's audit log, and its newest checkpoint.",
    status: 200,
    answer: "AuditKey",
  },
  {
    method: "get",
    path: "/api/v1/usage",
    summary: "What the tenant's model calls used and what they cost.",
    query: [
      { name: "from", description: "From this time or day (UTC) on; 30 days before `to`.", schema: { type: "string" } },
      { name: "to", description: "Before this time or day; now.", schema: { type: "string" } },
      {
        name: "by",
        description: "Comma list of what to divide by: day, provider, model, key, agent.",
        schema: { type: "string" },
      },
      {
        name: "limit",
        description: "Groups to answer.",
        schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
      },
    ],
    status: 200,
    answer: "UsageReport",
  },
];
