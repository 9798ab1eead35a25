import { durationMs } from "@slipway/contracts/spec/duration.ts";
import type { IssuerSpec } from "@slipway/contracts/spec/identity.ts";
import type { ClientSecret, Grants, TokenIssuer } from "#identity/tokens/issuer.ts";
import type { FileSections } from "./follow-file.ts";
import type { IdentitySettings } from "./identity.ts";
import type { YamlProblem } from "@slipway/contracts/spec/read-yaml.ts";

/** Google's issuer of identity tokens (https://accounts.google.com/.well-known/openid-configuration). */
export const GOOGLE_ISSUER = "https://accounts.google.com";
const GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs";
/** Keys of Firebase's id tokens (https://firebase.google.com/docs/auth/admin/verify-id-tokens, "Verify ID tokens using a third-party JWT library"). */
const FIREBASE_KEYS = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

const CLOCK_SKEW_SECONDS = 30;
const MOST_CLOCK_SKEW_SECONDS = 300;

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** True for an https URL, and where `plainLoopback` says so for one of this machine. */
export function isSafeUrl(text: string, plainLoopback: boolean): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, search, hash } = new URL(text);
  if (username !== "" || search !== "" || hash !== "") return false;
  return protocol === "https:" || (plainLoopback && protocol === "http:" && LOOPBACK.has(hostname));
}

/** Firebase Authentication of a project. */
export function firebaseIssuer(name: string, projectId: string, grants: Grants): TokenIssuer {
  return {
    name,
    issuer: `https://securetoken.google.com/${projectId}`,
    audiences: [projectId],
    algorithms: ["RS256"],
    keys: { jwksUrl: FIREBASE_KEYS },
    clockSkewSeconds: CLOCK_SKEW_SECONDS,
    grants,
    signIn: undefined,
  };
}

/** Google's identity tokens. */
export function googleIssuer(name: string, audiences: readonly string[], grants: Grants): TokenIssuer {
  return {
    name,
    issuer: GOOGLE_ISSUER,
    audiences,
    algorithms: ["RS256"],
    keys: { jwksUrl: GOOGLE_KEYS },
    clockSkewSeconds: CLOCK_SKEW_SECONDS,
    grants,
    signIn: undefined,
  };
}

function grantsOf({ tenant, role, scopes, require }: IssuerSpec): Grants {
  return {
    tenant: typeof tenant === "string" ? { fixed: tenant } : tenant,
    role: { claim: role.claim, values: role.values, fallback: role.fallback },
    scopes,
    require: { emails: require.emails, emailDomains: require.emailDomains },
  };
}

type Told = (path: readonly string[], message: string) => void;

function baseOf(spec: IssuerSpec, plainLoopback: boolean, wrong: Told): TokenIssuer {
  const grants = grantsOf(spec);
  if (spec.preset === "firebase") {
    if (spec.projectId === undefined) wrong(["projectId"], "is missing: the preset firebase needs it");
    return firebaseIssuer(spec.name, spec.projectId ?? "", grants);
  }
  if (spec.audiences === undefined) wrong(["audiences"], "is missing: a token must be meant for somebody");
  if (spec.preset === "google") return googleIssuer(spec.name, spec.audiences ?? [], grants);
  if (spec.issuer === undefined) wrong(["issuer"], "is missing");
  else if (!isSafeUrl(spec.issuer, plainLoopback)) wrong(["issuer"], "must begin with https://");
  if (spec.jwksUrl !== undefined && !isSafeUrl(spec.jwksUrl, plainLoopback))
    wrong(["jwksUrl"], "must begin with https://");
  return {
    name: spec.name,
    issuer: spec.issuer,
    audiences: spec.audiences ?? [],
    algorithms: spec.algorithms ?? ["RS256", "PS256", "ES256", "EdDSA"],
    keys: { jwksUrl: spec.jwksUrl },
    clockSkewSeconds: CLOCK_SKEW_SECONDS,
    grants,
    signIn: undefined,
  };
}

function issuerOf(
  spec: IssuerSpec,
  settings: IdentitySettings,
  clientSecret: ClientSecret | undefined,
  wrong: Told,
): TokenIssuer {
  const base = baseOf(spec, settings.plainLoopback, wrong);
  const clockSkewSeconds = spec.clockSkew === undefined ? base.clockSkewSeconds : durationMs(spec.clockSkew) / 1000;
  if (clockSkewSeconds > MOST_CLOCK_SKEW_SECONDS) wrong(["clockSkew"], "must be at most 5m");
  if (base.issuer === GOOGLE_ISSUER && spec.require.emails === undefined && spec.require.emailDomains === undefined) {
    wrong(["require"], "must name emails or emailDomains: everybody has an account at accounts.google.com");
  }
  const { signIn } = spec;
  if (!signIn) return { ...base, clockSkewSeconds };
  const { clientId, label = spec.name, scopes = [] } = signIn;
  return { ...base, clockSkewSeconds, signIn: { clientId, clientSecret, label, scopes } };
}

/**
 * The issuers of `slipway.yaml` after those of the environment, and what is wrong with them; paths begin below `identity`.
 * `clientSecrets` are those of the issuers of the file, in their order.
 */
export function issuersOf(
  specs: readonly IssuerSpec[],
  settings: IdentitySettings,
  clientSecrets: readonly (ClientSecret | undefined)[],
): { readonly issuers: readonly TokenIssuer[]; readonly problems: readonly YamlProblem[] } {
  const problems: YamlProblem[] = [];
  const issuers: TokenIssuer[] = [...settings.issuers];
  for (const [index, spec] of specs.entries()) {
    const wrong: Told = (path, message) => void problems.push({ path: ["issuers", index, ...path], message });
    if (issuers.some(({ name }) => name === spec.name)) wrong(["name"], `is taken: another issuer is \`${spec.name}\``);
    const issuer = issuerOf(spec, settings, clientSecrets[index], wrong);
    const twin = issuers.find(
      (other) =>
        other.issuer === issuer.issuer && other.audiences.some((audience) => issuer.audiences.includes(audience)),
    );
    // Of two that could verify the same token, one would decide by the order of a list what it is worth.
    if (twin) wrong(["audiences"], `name the same tokens as the issuer \`${twin.name}\``);
    issuers.push(issuer);
  }
  return { issuers, problems };
}

/** The issuers of a file that has changed: they are in force from the next start on, which must find them right. */
export function issuerSections(settings: IdentitySettings): FileSections {
  return {
    problems({ read }) {
      const { problems } = issuersOf(read.spec.identity.issuers, settings, []);
      return problems.map((problem) => ({ ...problem, path: ["identity", ...problem.path] }));
    },
    take: () => {},
  };
}
