import type { Session, SignIn, SignInIssuers } from "@slipway/contracts/api/session.ts";
import { queryOptions } from "@tanstack/react-query";
import { rememberSession, SESSION_PATH } from "./own-request.ts";
import { deletePath, getJson, postJson } from "./request.ts";

/** Who is signed in. Fails with 401 when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => rememberSession(await getJson<Session>(SESSION_PATH, signal)),
  staleTime: 30_000,
});

/** Exchanges an API key for the session cookie, which scripts cannot read. The key is sent once and kept nowhere. */
export async function signIn(credentials: SignIn): Promise<Session> {
  return rememberSession(await postJson<Session>(SESSION_PATH, credentials));
}

/** Ends the session on the server and drops the cookie. */
export async function signOut(): Promise<void> {
  await deletePath(SESSION_PATH);
}

/** Where one can sign in beside by a key; nowhere when the server cannot say. */
export async function signInIssuers(signal: AbortSignal): Promise<SignInIssuers["issuers"]> {
  return getJson<SignInIssuers>(`${SESSION_PATH}/issuers`, signal).then(
    ({ issuers }) => issuers,
    () => [],
  );
}

/** The address at which signing in at an issuer begins; `page` is a path below the console's base. */
export function beginPath(issuer: string, page: string): string {
  return `${SESSION_PATH}/begin?${new URLSearchParams({ issuer, return: `/console${page}` }).toString()}`;
}
