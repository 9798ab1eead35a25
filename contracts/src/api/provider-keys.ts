import { z } from "zod";

/** Body of `PUT /api/v1/provider-keys/{provider}`. The key is never answered again. */
export const putProviderKeySchema = z.strictObject({
  key: z.string().regex(/^[\x21-\x7e]{8,1024}$/, "must have 8 to 1024 characters of ASCII and no spaces"),
});

/** A tenant's own key at a model vendor, without the key. */
export const providerKeySchema = z.object({
  provider: z.string(),
  /** The last four characters of keys with at least sixteen; empty otherwise. */
  last4: z.string(),
  updatedAt: z.string(),
});
export type ApiProviderKey = z.infer<typeof providerKeySchema>;

/** Answer of `GET /api/v1/provider-keys`. */
export const providerKeyListSchema = z.object({ data: z.array(providerKeySchema) });
export type ApiProviderKeyList = z.infer<typeof providerKeyListSchema>;
