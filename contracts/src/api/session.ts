import { z } from "zod";
import { ROLES } from "../permissions.ts";

/** Body of `POST /api/v1/session`: signs the console in with an API key. */
export const signInSchema = z.strictObject({ apiKey: z.string().min(1).max(512) });
export type SignIn = z.infer<typeof signInSchema>;

/** Answer of `POST` and `GET /api/v1/session`. */
export const sessionSchema = z.object({
  tenantId: z.string(),
  keyId: z.string(),
  keyName: z.string(),
  role: z.enum(ROLES),
  /** RFC 3339; after it the cookie is worth nothing. */
  expiresAt: z.string(),
  /** Sent back as `x-csrf-token` with every request of the session that changes something. */
  csrfToken: z.string(),
  release: z.string(),
  /** True when model answers come from the deterministic mock. */
  mock: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;

/** Answer of `GET /api/v1/session/issuers`: where people can sign in beside by a key. */
export const signInIssuersSchema = z.object({
  issuers: z.array(z.object({ name: z.string(), label: z.string() })),
});
export type SignInIssuers = z.infer<typeof signInIssuersSchema>;

/** Query of `GET /api/v1/session/begin`. */
export const signInQuerySchema = z.strictObject({
  issuer: z.string().min(1).max(63),
  /** The page of the console to go to afterwards. */
  return: z.string().max(600).optional(),
});
