import { z } from "zod";
import { PERMISSIONS, ROLES } from "../permissions.ts";

const name = z.string().min(1).max(200);

/** Body of `POST /api/v1/users`. */
export const createUserSchema = z.strictObject({
  /** Kept in lower case. */
  email: z
    .email()
    .max(254)
    .transform((email) => email.toLowerCase()),
  name,
  role: z.enum(ROLES),
});

/** Body of `PATCH /api/v1/users/{id}`; what is absent stays. */
export const updateUserSchema = z.strictObject({
  name: name.optional(),
  role: z.enum(ROLES).optional(),
  /** True: neither the user nor any of the user's keys is let in. */
  disabled: z.boolean().optional(),
});

/** A person in a tenant. */
export const userSchema = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  createdAt: z.string(),
  updatedAt: z.string(),
  disabledAt: z.string().nullable(),
});
export type User = z.infer<typeof userSchema>;

/** Answer of `GET /api/v1/users`. */
export const userListSchema = z.object({ users: z.array(userSchema) });
export type UserList = z.infer<typeof userListSchema>;

/** Answer of `GET /api/v1/me`: the caller as the server sees it. */
export const callerSchema = z.object({
  tenantId: z.string(),
  keyId: z.string(),
  userId: z.string().nullable(),
  role: z.enum(ROLES),
  permissions: z.array(z.enum(PERMISSIONS)),
  /** RFC 3339; null: does not expire. */
  expiresAt: z.string().nullable(),
});
export type Caller = z.infer<typeof callerSchema>;
