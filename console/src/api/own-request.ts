import type { Session } from "@slipway/contracts/api/session.ts";

/** Where the session is told. */
export const SESSION_PATH = "/api/v1/session";

// Told by the server to this page alone; it must come back with everything that changes something.
let csrfToken: string | undefined;

/** Takes up the token of the session that the server has just told of. */
export function rememberSession(session: Session): Session {
  csrfToken = session.csrfToken;
  return session;
}

async function isStale(response: Response): Promise<boolean> {
  if (response.status !== 403) return false;
  const said = (await response
    .clone()
    .json()
    .catch(() => undefined)) as { code?: unknown; error?: { code?: unknown } } | undefined;
  return said?.code === "csrf_token_wrong" || said?.error?.code === "csrf_token_wrong";
}

async function askAgain(signal: AbortSignal): Promise<void> {
  const response = await fetch(SESSION_PATH, { credentials: "same-origin", signal });
  if (response.ok) rememberSession((await response.json()) as Session);
}

/**
 * `fetch` to this server, as this session. When the session is another one than this page knows, because somebody signed in again in
 * another tab, its token is asked for and the request sent once more; it has had no effect before.
 */
export async function fetchOwn(path: string, init: RequestInit & { readonly signal: AbortSignal }): Promise<Response> {
  const send = (): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (csrfToken !== undefined && init.method !== "GET") headers.set("x-csrf-token", csrfToken);
    return fetch(path, { ...init, headers, credentials: "same-origin" });
  };
  const response = await send();
  if (!(await isStale(response))) return response;
  await askAgain(init.signal);
  return send();
}
