import type { Sealer } from "#keys/seal.ts";
import type { KeySnapshot } from "./key-snapshot.ts";
import type { Principal } from "./principal.ts";

/** A signed-in console user. */
export interface Session {
  readonly principal: Principal;
  readonly expiresAt: Date;
}

/** Console sessions: what the cookie holds is sealed by the server, so that nothing readable or usable elsewhere lies in a browser. */
export interface Sessions {
  /** The session and the `Set-Cookie` value that opens it. */
  open(
    principal: Principal,
    options: { readonly https: boolean },
  ): { readonly session: Session; readonly setCookie: string };
  /** The session of a `Cookie` header; undefined when there is none, it has ended, or its key was revoked. */
  read(cookieHeader: string | undefined): Session | undefined;
  /** The `Set-Cookie` values that close any session of this server. */
  closingCookies(): readonly string[];
}

const LIFETIME_SECONDS = 12 * 3600;
// The `__Host-` prefix binds the cookie to this host over https; a browser refuses it over plain http, which local development uses.
const SECURE_NAME = "__Host-slipway_session";
const PLAIN_NAME = "slipway_session";

function cookieValue(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

function hasKey(value: unknown): value is { tenantId: string; keyId: string; expiresAt: number } {
  return (
    typeof value === "object" &&
    value !== null &&
    "tenantId" in value &&
    typeof value.tenantId === "string" &&
    "keyId" in value &&
    typeof value.keyId === "string" &&
    "expiresAt" in value &&
    typeof value.expiresAt === "number"
  );
}

/** Sessions that live as long as the key that opened them, at most 12 hours. */
export function createSessions(options: { readonly keys: KeySnapshot; readonly sealer: Sealer }): Sessions {
  const { keys, sealer } = options;
  return {
    open(principal, { https }) {
      const expiresAt = new Date(Date.now() + LIFETIME_SECONDS * 1000);
      const sealed = sealer.seal(
        { tenantId: principal.tenantId, keyId: principal.keyId, expiresAt: expiresAt.getTime() },
        expiresAt,
      );
      const name = https ? SECURE_NAME : PLAIN_NAME;
      return {
        session: { principal: { ...principal, via: "session" }, expiresAt },
        setCookie: `${name}=${sealed}; Path=/; Max-Age=${LIFETIME_SECONDS}; HttpOnly; SameSite=Strict${https ? "; Secure" : ""}`,
      };
    },
    read(cookieHeader) {
      if (cookieHeader === undefined) return undefined;
      const sealed = cookieValue(cookieHeader, SECURE_NAME) ?? cookieValue(cookieHeader, PLAIN_NAME);
      const opened = sealed === undefined ? undefined : sealer.open(sealed);
      if (!hasKey(opened)) return undefined;
      const principal = keys.byId(opened.tenantId, opened.keyId);
      return principal && { principal, expiresAt: new Date(opened.expiresAt) };
    },
    closingCookies: () => [
      `${PLAIN_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`,
      `${SECURE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure`,
    ],
  };
}
