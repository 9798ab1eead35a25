import {
  agentListSchema,
  agentSchema,
  agentSummarySchema,
  agentVersionListSchema,
  agentVersionSchema,
  createAgentSchema,
  createRunSchema,
  putAgentSchema,
  runSchema,
} from "@slipway/contracts/api/agents.ts";
import {
  apiKeyListSchema,
  apiKeySchema,
  createApiKeySchema,
  createdApiKeySchema,
  rotateApiKeySchema,
  updateApiKeySchema,
} from "@slipway/contracts/api/api-keys.ts";
import { limitListSchema, limitSchema } from "@slipway/contracts/api/limits.ts";
import { auditKeySchema, auditRecordListSchema, auditRecordSchema } from "@slipway/contracts/api/audit.ts";
import { problemSchema } from "@slipway/contracts/api/problem.ts";
import {
  providerKeyListSchema,
  providerKeySchema,
  putProviderKeySchema,
} from "@slipway/contracts/api/provider-keys.ts";
import { putRouteSchema, routeListSchema, routeSchema } from "@slipway/contracts/api/routes.ts";
import { sessionSchema, signInIssuersSchema, signInSchema } from "@slipway/contracts/api/session.ts";
import { createdTenantSchema, createTenantSchema, tenantListSchema } from "@slipway/contracts/api/tenants.ts";
import {
  threadListSchema,
  threadMessageListSchema,
  threadMessageSchema,
  threadSchema,
} from "@slipway/contracts/api/threads.ts";
import { usageReportSchema } from "@slipway/contracts/api/usage.ts";
import {
  callerSchema,
  createUserSchema,
  updateUserSchema,
  userListSchema,
  userSchema,
} from "@slipway/contracts/api/users.ts";
import { putLimitSchema } from "@slipway/contracts/spec/limit.ts";
import { auditSinkListSchema, auditSinkSchema, resumeAuditSinkSchema } from "@slipway/contracts/api/audit-sinks.ts";
import { z } from "zod";

/** The schemas of our own API by the names that the document gives them. */
export const NAMED = {
  Agent: agentSchema,
  AgentList: agentListSchema,
  AgentSummary: agentSummarySchema,
  AgentVersion: agentVersionSchema,
  AgentVersionList: agentVersionListSchema,
  ApiKey: apiKeySchema,
  ApiKeyList: apiKeyListSchema,
  Caller: callerSchema,
  AuditContent: z.object({ request: z.unknown().optional(), response: z.unknown().optional() }),
  AuditKey: auditKeySchema,
  AuditRecord: auditRecordSchema,
  AuditRecordList: auditRecordListSchema,
  AuditSink: auditSinkSchema,
  AuditSinkList: auditSinkListSchema,
  CreateAgent: createAgentSchema,
  CreateApiKey: createApiKeySchema,
  CreatedApiKey: createdApiKeySchema,
  CreatedTenant: createdTenantSchema,
  CreateRun: createRunSchema,
  CreateTenant: createTenantSchema,
  CreateUser: createUserSchema,
  Limit: limitSchema,
  LimitList: limitListSchema,
  Problem: problemSchema,
  ProviderKey: providerKeySchema,
  ProviderKeyList: providerKeyListSchema,
  PutAgent: putAgentSchema,
  PutProviderKey: putProviderKeySchema,
  PutLimit: putLimitSchema,
  PutRoute: putRouteSchema,
  Route: routeSchema,
  ResumeAuditSink: resumeAuditSinkSchema,
  RotateApiKey: rotateApiKeySchema,
  RouteList: routeListSchema,
  Run: runSchema,
  Session: sessionSchema,
  SignIn: signInSchema,
  SignInIssuers: signInIssuersSchema,
  TenantList: tenantListSchema,
  Thread: threadSchema,
  ThreadList: threadListSchema,
  ThreadMessage: threadMessageSchema,
  ThreadMessageList: threadMessageListSchema,
  UpdateApiKey: updateApiKeySchema,
  UpdateUser: updateUserSchema,
  UsageReport: usageReportSchema,
  User: userSchema,
  UserList: userListSchema,
} as const;
/** A name of a schema in the document. */
export type Name = keyof typeof NAMED;
