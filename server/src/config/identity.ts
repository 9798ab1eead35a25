import type { ClientSecret, TokenIssuer } from "#identity/tokens/issuer.ts";
import type { Environment } from "./env.ts";
import type { EnvironmentReader } from "./reader.ts";
import type { OpenSecrets } from "./secrets.ts";
import { firebaseIssuer, GOOGLE_ISSUER, googleIssuer, isSafeUrl } from "./issuers.ts";

/** Who may call besides API keys, and for how long people stay signed in. */
export interface IdentitySettings {
  /** Those that the environment declares; `slipway.yaml` may declare more. */
  readonly issuers: readonly TokenIssuer[];
  /** A variable that `slipway.yaml` refers to. */
  readonly variable: (name: string) => string | undefined;
  /** The same where the variable is a reference by itself: what it leads to, kept fresh. */
  readonly held: HeldSecrets;
  /** What reads secrets that `slipway.yaml` names, for a server whose variables name none. */
  readonly openSecrets: () => Promise<OpenSecrets>;
  /** Whether an issuer on this very machine may be asked without TLS. */
  readonly plainLoopback: boolean;
  /** Milliseconds between two attempts to read an issuer's keys. */
  readonly keysCooldownMs: number;
  readonly sessions: { readonly idleSeconds: number; readonly lifetimeSeconds: number };
}

/** Secrets of variables that were given by reference. */
export type HeldSecrets = (variable: string) => ClientSecret | undefined;

/** Where settings come from. */
export interface IdentitySources {
  /** Vendors' own variables in it say who this machine is. */
  readonly environment: Environment;
  readonly held: HeldSecrets;
}

const ROLES = ["owner", "admin", "developer", "viewer", "auditor"] as const;
const SECRET_BYTES = 32;
const CLOCK_SKEW_SECONDS = 30;

function listOf(text: string | undefined): readonly string[] | undefined {
  const parts = text
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  return parts?.length ? parts : undefined;
}

/** Tokens that are signed with a secret of ours: HS256 and nothing else. */
function readSharedSecret(env: EnvironmentReader): TokenIssuer | undefined {
  const name = env.text("JWT_SECRET_KEY") === undefined ? "SECRET_KEY" : "JWT_SECRET_KEY";
  const text = env.text(name);
  const issuer = env.text("JWT_ISSUER");
  const audiences = listOf(env.text("JWT_AUDIENCE")) ?? [];
  const fallback = env.choice(["JWT_DEFAULT_ROLE"], ROLES, "developer");
  const tenant = env.text("JWT_TENANT") ?? "default";
  if (text === undefined) return undefined;
  const secret = Buffer.from(text, "utf8");
  if (secret.length < SECRET_BYTES) {
    env.problems.push(
      `${name} must have at least ${SECRET_BYTES} bytes: a shorter one can be guessed from any token (try: openssl rand -base64 48)`,
    );
  }
  return {
    name: "jwt",
    issuer,
    audiences,
    algorithms: ["HS256"],
    keys: { secret },
    clockSkewSeconds: CLOCK_SKEW_SECONDS,
    grants: {
      tenant: { fixed: tenant },
      role: { claim: "role", values: undefined, fallback },
      scopes: undefined,
      require: { emails: undefined, emailDomains: undefined },
    },
    signIn: undefined,
  };
}

function readRequired(env: EnvironmentReader, emails: string, domains: string): TokenIssuer["grants"]["require"] {
  const lower = (name: string): readonly string[] | undefined => listOf(env.text(name)?.toLowerCase());
  return { emails: lower(emails), emailDomains: lower(domains) };
}

/** The one issuer of `OIDC_ISSUER`, at which people also sign in when `OIDC_CLIENT_ID` is set. */
function readOidc(env: EnvironmentReader, plainLoopback: boolean, held: HeldSecrets): TokenIssuer | undefined {
  const issuer = env.text("OIDC_ISSUER");
  const clientId = env.text("OIDC_CLIENT_ID");
  const value = env.text("OIDC_CLIENT_SECRET");
  const clientSecret = value === undefined ? undefined : (held("OIDC_CLIENT_SECRET") ?? { value });
  const audiences = listOf(env.text("OIDC_AUDIENCE")) ?? (clientId === undefined ? [] : [clientId]);
  const fallback =
    env.text("OIDC_DEFAULT_ROLE") === undefined ? undefined : env.choice(["OIDC_DEFAULT_ROLE"], ROLES, "viewer");
  const label = env.text("OIDC_LABEL") ?? "single sign-on";
  const claim = env.text("OIDC_ROLE_CLAIM");
  const tenant = env.text("OIDC_TENANT") ?? "default";
  const require = readRequired(env, "OIDC_EMAILS", "OIDC_EMAIL_DOMAINS");
  if (issuer === undefined) return undefined;
  if (!isSafeUrl(issuer, plainLoopback)) env.problems.push("OIDC_ISSUER must be a URL that begins with https://");
  if (audiences.length === 0) {
    env.problems.push("OIDC_AUDIENCE or OIDC_CLIENT_ID is missing: tokens of OIDC_ISSUER must be meant for somebody");
  }
  if (issuer === GOOGLE_ISSUER && require.emails === undefined && require.emailDomains === undefined) {
    env.problems.push("OIDC_EMAILS or OIDC_EMAIL_DOMAINS is missing: everybody has an account at accounts.google.com");
  }
  return {
    name: "oidc",
    issuer,
    audiences,
    algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
    keys: { jwksUrl: undefined },
    clockSkewSeconds: CLOCK_SKEW_SECONDS,
    grants: { tenant: { fixed: tenant }, role: { claim, values: undefined, fallback }, scopes: undefined, require },
    signIn: clientId === undefined ? undefined : { label, clientId, clientSecret, scopes: [] },
  };
}

function readFirebase(env: EnvironmentReader): TokenIssuer | undefined {
  const projectId = env.text("FIREBASE_PROJECT_ID");
  const fallback =
    env.text("FIREBASE_DEFAULT_ROLE") === undefined
      ? undefined
      : env.choice(["FIREBASE_DEFAULT_ROLE"], ROLES, "viewer");
  const require = readRequired(env, "FIREBASE_EMAILS", "FIREBASE_EMAIL_DOMAINS");
  if (projectId === undefined) return undefined;
  if (!/^[a-z][a-z0-9-]{4,29}$/.test(projectId)) env.problems.push("FIREBASE_PROJECT_ID must be the id of a project");
  return firebaseIssuer("firebase", projectId, {
    tenant: { fixed: env.text("FIREBASE_TENANT") ?? "default" },
    role: { claim: "role", values: undefined, fallback },
    scopes: undefined,
    require,
  });
}

/** Identity tokens of Google's service accounts, as one service calls another by (https://cloud.google.com/run/docs/authenticating/service-to-service). */
function readGoogle(env: EnvironmentReader): TokenIssuer | undefined {
  const audiences = listOf(env.text("GOOGLE_IDENTITY_AUDIENCE"));
  const emails = listOf(env.text("GOOGLE_IDENTITY_EMAILS")?.toLowerCase());
  const fallback = env.choice(["GOOGLE_IDENTITY_ROLE"], ROLES, "developer");
  if (audiences === undefined) return undefined;
  if (emails === undefined) {
    env.problems.push("GOOGLE_IDENTITY_EMAILS is missing: everybody can have a service account with an identity token");
  }
  return googleIssuer("google", audiences, {
    tenant: { fixed: env.text("GOOGLE_IDENTITY_TENANT") ?? "default" },
    role: { claim: undefined, values: undefined, fallback },
    scopes: undefined,
    require: { emails: emails ?? [], emailDomains: undefined },
  });
}

/** Reads what the environment says of callers. */
export function readIdentity(
  env: EnvironmentReader,
  production: boolean,
  { environment, held }: IdentitySources,
): IdentitySettings {
  const plainLoopback = !production;
  const found = [readSharedSecret(env), readOidc(env, plainLoopback, held), readFirebase(env), readGoogle(env)];
  return {
    issuers: found.filter((issuer) => issuer !== undefined),
    variable: (name) => env.text(name),
    held,
    openSecrets: async () => (await import("./secrets.ts")).createOpenSecrets(environment),
    plainLoopback,
    keysCooldownMs: 1000 * env.integer("OIDC_KEYS_COOLDOWN_SECONDS", 10, 1, 600),
    sessions: {
      idleSeconds: 60 * env.integer("SESSION_IDLE_MINUTES", 60, 1, 30 * 1440),
      lifetimeSeconds: 3600 * env.integer("SESSION_HOURS", 12, 1, 30 * 24),
    },
  };
}
