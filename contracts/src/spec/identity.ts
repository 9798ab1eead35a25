import { z } from "zod";
import { PERMISSIONS, ROLES } from "../permissions.ts";
import { durationSchema } from "./duration.ts";
import { parseReference } from "./secret-reference.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const nameSchema = z.string().regex(NAME, { error: "must be 1 to 63 small letters, digits or -" });
const tenantSchema = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9._-]+$/, { error: "must be letters, digits or . _ -" });
const claimSchema = z.string().min(1).max(200);
const roleSchema = z.enum(ROLES);

/** Algorithms of public keys. A shared secret is never declared in a file: `JWT_SECRET_KEY` gives it. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

/** Where a value that must not stand in a file is found. */
const clientSecretSchema = z.string().max(500).refine(isReference, {
  error:
    "must be a reference such as env:CORP_SECRET, file:/run/secrets/corp or gcp-sm://projects/P/secrets/S/versions/latest: secrets do not stand in files",
});

const urlSchema = z
  .string()
  .max(2000)
  .refine((text) => URL.canParse(text), { error: "must be a URL" });

/** An issuer whose tokens are accepted. */
export const issuerSpecSchema = z.strictObject({
  name: nameSchema,
  /** Fills in what is known of an issuer: `firebase` needs `projectId`, `google` needs `audiences` and `require`. */
  preset: z.enum(["firebase", "google"]).optional(),
  /** Of the preset `firebase`. */
  projectId: z
    .string()
    .regex(/^[a-z][a-z0-9-]{4,29}$/, { error: "must be a Firebase project id" })
    .optional(),
  /** The exact `iss` of its tokens; below it lies the discovery document. */
  issuer: urlSchema.optional(),
  /** The exact `aud`, one of which a token must carry. */
  audiences: z.array(z.string().min(1).max(500)).min(1).max(20).optional(),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).max(ALGORITHMS.length).optional(),
  /** Where its keys are; absent: where its discovery document says. */
  jwksUrl: urlSchema.optional(),
  /** How far its clock may be off, up to 5m; absent: 30s. */
  clockSkew: durationSchema.optional(),
  /** The tenant of all its tokens, or the claim that names one of those listed. */
  tenant: z
    .union([tenantSchema, z.strictObject({ claim: claimSchema, allow: z.array(tenantSchema).min(1).max(1000) })])
    .default("default"),
  role: z
    .strictObject({
      claim: claimSchema.optional(),
      /** Which value of the claim is which role; absent: the roles' own names. */
      values: z.record(z.string().max(200), roleSchema).optional(),
      /** For tokens that name none; absent: they are refused. */
      fallback: roleSchema.optional(),
    })
    .default({}),
  /** The scopes that tokens may narrow their role to; absent: tokens' scopes are not looked at. */
  scopes: z.array(z.enum(PERMISSIONS)).min(1).optional(),
  /** Verified e-mail addresses, or their domains, without which nobody is let in. */
  require: z
    .strictObject({
      emails: z.array(z.email().toLowerCase()).min(1).max(1000).optional(),
      emailDomains: z
        .array(
          z
            .string()
            .toLowerCase()
            .regex(/^[a-z0-9.-]+\.[a-z]{2,}$/),
        )
        .min(1)
        .max(100)
        .optional(),
    })
    .default({}),
  /** Lets people sign in to the console there. */
  signIn: z
    .strictObject({
      label: z.string().min(1).max(60).optional(),
      clientId: z.string().min(1).max(500),
      clientSecret: clientSecretSchema
        .optional()
        .describe(
          "Where the client's secret lies, by any reference of secrets.md; absent: a public client, held by PKCE",
        ),
      scopes: z.array(z.string().min(1).max(100)).max(20).optional(),
    })
    .optional(),
});
export type IssuerSpec = z.output<typeof issuerSpecSchema>;

/** Who may call besides API keys. */
export const identitySpecSchema = z.strictObject({
  issuers: z.array(issuerSpecSchema).max(50).default([]),
});
