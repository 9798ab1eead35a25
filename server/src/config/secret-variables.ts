import type { Environment } from "./env.ts";

/** Variables that may say where their value lies instead of the value. Others are never looked at: `file:` means something to other programs. */
const SECRET_VARIABLES = [
  "API_KEY",
  "ENCRYPTION_KEY",
  "DATABASE_URL",
  "MIGRATION_DATABASE_URL",
  "REDIS_URL",
  "OPENAI_API_KEY",
  "ANTHROPIC_API_KEY",
  "GEMINI_API_KEY",
  "GOOGLE_AI_API_KEY",
  "OPENAI_COMPATIBLE_API_KEY",
  "JWT_SECRET_KEY",
  "SECRET_KEY",
  "OIDC_CLIENT_SECRET",
  "AUDIT_WEBHOOK_SECRET",
  "AUDIT_SIGNING_KEY",
  "SPLUNK_HEC_TOKEN",
  "SENTRY_DSN",
] as const;

const SCHEME = /^\s*(?:env:|file:|gcp-sm:|aws-sm:|azure-kv:|vault:)/;

/** The variables that hold references, with what they say. Small and without imports: most servers start without any. */
export function referencesOf(environment: Environment): readonly (readonly [variable: string, text: string])[] {
  return SECRET_VARIABLES.flatMap((variable) => {
    const text = environment[variable];
    return text !== undefined && SCHEME.test(text) ? [[variable, text.trim()] as const] : [];
  });
}
