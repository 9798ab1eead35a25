import { z } from "zod";

/** Body of `POST /api/v1/session`: signs the console in with an API key. */
export const signInSchema = z.strictObject({ apiKey: z.string().min(1).max(512) });
export type SignIn = z.infer<typeof signInSchema>;

/** Answer of `POST` and `GET /api/v1/session`. */
export const sessionSchema = z.object({
  tenantId: z.string(),
  keyId: z.string(),
  keyName: z.string(),
  /** RFC 3339; after it the cookie is worth nothing. */
  expiresAt: z.string(),
  release: z.string(),
  /** True when model answers come from the deterministic mock. */
  mock: z.boolean(),
});
export type Session = z.infer<typeof sessionSchema>;
