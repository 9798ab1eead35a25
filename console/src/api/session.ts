import type { Session, SignIn } from "@slipway/contracts/api/session.ts";
import { queryOptions } from "@tanstack/react-query";
import { deletePath, getJson, postJson } from "./request.ts";

const PATH = "/api/v1/session";

/** Who is signed in. Fails with 401 when nobody is. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: ({ signal }) => getJson<Session>(PATH, signal),
  staleTime: 30_000,
});

/** Exchanges an API key for the session cookie, which scripts cannot read. The key is sent once and kept nowhere. */
export async function signIn(credentials: SignIn): Promise<Session> {
  return postJson<Session>(PATH, credentials);
}

/** Ends the session on the server and drops the cookie. */
export async function signOut(): Promise<void> {
  await deletePath(PATH);
}
