import { z } from "zod";
import { PERMISSIONS, ROLES } from "../permissions.ts";
import { idOf } from "./id-of.ts";

const MOST_OVERLAP_SECONDS = 30 * 86_400;

const name = z.string().min(1).max(200);
/** Narrows what the role permits; null: all that it permits. */
const scopes = z.array(z.enum(PERMISSIONS)).min(1).max(PERMISSIONS.length).nullable();
/** RFC 3339; null: does not expire. */
const expiresAt = z.iso.datetime({ offset: true }).nullable();

/** Body of `POST /api/v1/api-keys`. */
export const createApiKeySchema = z.strictObject({
  name,
  role: z.enum(ROLES).default("developer"),
  scopes: scopes.default(null),
  expiresAt: expiresAt.default(null),
  /** The user whose key it is to be; the caller when absent. The key never permits more than its user may, and ends with the user. */
  userId: idOf("user").optional(),
});

/** Body of `PATCH /api/v1/api-keys/{id}`; what is absent stays. */
export const updateApiKeySchema = z.strictObject({
  name: name.optional(),
  role: z.enum(ROLES).optional(),
  scopes: scopes.optional(),
  expiresAt: expiresAt.optional(),
});

/** Body of `POST /api/v1/api-keys/{id}/rotate`. */
export const rotateApiKeySchema = z.strictObject({
  /** Seconds for which the old secret stays good, at most 30 days. */
  overlapSeconds: z.int().min(0).max(MOST_OVERLAP_SECONDS).default(3600),
});

/** An API key without its secret. */
export const apiKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The first characters of the key, enough to recognise it and no more. */
  prefix: z.string(),
  role: z.enum(ROLES),
  scopes: z.array(z.string()).nullable(),
  expiresAt: z.string().nullable(),
  userId: z.string().nullable(),
  /** Written at most once a minute. */
  lastUsedAt: z.string().nullable(),
  rotatedAt: z.string().nullable(),
  /** Until when the secret before the last rotation is good too; null when it is not. */
  previousSecretUntil: z.string().nullable(),
  createdAt: z.string(),
  revokedAt: z.string().nullable(),
});
export type ApiKey = z.infer<typeof apiKeySchema>;

/** Answer of `POST /api/v1/api-keys` and of a rotation; the only time that the key itself is shown. */
export const createdApiKeySchema = apiKeySchema.extend({ key: z.string() });
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;

/** Answer of `GET /api/v1/api-keys`. */
export const apiKeyListSchema = z.object({ apiKeys: z.array(apiKeySchema) });
export type ApiKeyList = z.infer<typeof apiKeyListSchema>;
