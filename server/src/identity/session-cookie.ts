import { hash } from "node:crypto";

// The `__Host-` prefix binds the cookie to this host over https; a browser refuses it over plain http, which local development uses.
const SECURE_PREFIX = "__Host-";

/** A cookie of ours, under the name that its connection allows. */
export class OwnCookie {
  readonly #name: string;
  readonly #sameSite: "Strict" | "Lax";
  readonly #plain: boolean;

  /** `plain`: whether the cookie may live without https; where it may not, one that came so was planted. */
  constructor(name: string, options: { readonly sameSite: "Strict" | "Lax"; readonly plain: boolean }) {
    this.#name = name;
    this.#sameSite = options.sameSite;
    this.#plain = options.plain;
  }

  /** The value in a `Cookie` header. */
  read(header: string): string | undefined {
    return (
      cookieValue(header, SECURE_PREFIX + this.#name) ?? (this.#plain ? cookieValue(header, this.#name) : undefined)
    );
  }

  /** The `Set-Cookie` value that keeps it for so long. */
  write(value: string, options: { readonly https: boolean; readonly seconds: number }): string {
    const secure = options.https || !this.#plain;
    const name = secure ? SECURE_PREFIX + this.#name : this.#name;
    return `${name}=${value}; Path=/; Max-Age=${options.seconds}; HttpOnly; SameSite=${this.#sameSite}${secure ? "; Secure" : ""}`;
  }

  /** The `Set-Cookie` values that remove it, however it was set. */
  remove(): readonly string[] {
    const rest = `Path=/; Max-Age=0; HttpOnly; SameSite=${this.#sameSite}`;
    return [`${this.#name}=; ${rest}`, `${SECURE_PREFIX}${this.#name}=; ${rest}; Secure`];
  }
}

function cookieValue(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

const SESSION_NAME = "slipway_session";

/** The cookie of console sessions. */
export function sessionCookie(plain: boolean): OwnCookie {
  return new OwnCookie(SESSION_NAME, { sameSite: "Strict", plain });
}

/** The CSRF token of the session that a `Cookie` header names; undefined when it names none. */
export function csrfTokenIn(cookieHeader: string | undefined): string | undefined {
  const token = cookieHeader === undefined ? undefined : ANY_SESSION_COOKIE.read(cookieHeader);
  return token === undefined ? undefined : csrfTokenOf(token);
}

// A session that may not live in a plain cookie is not found by one either; this only reads what it was found by.
const ANY_SESSION_COOKIE = sessionCookie(true);

/** 32 random bytes in base64url. */
export const SESSION_TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * What a page must send back with everything that changes something (`x-csrf-token`). It is worked out of the session's token, which no
 * script can read, and tells nothing about it.
 */
export function csrfTokenOf(sessionToken: string): string {
  return hash("sha256", `slipway csrf v1 ${sessionToken}`, "base64url");
}
