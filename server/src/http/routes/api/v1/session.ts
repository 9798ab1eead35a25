import { type Session as SessionBody, signInSchema } from "@slipway/contracts/api/session.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Session, Sessions } from "#identity/sessions.ts";
import { type App, type AppContext, type AppServices, auditOf, jsonBody, principalOf } from "../../../app.ts";
import type { Peers } from "../../../edge/peer.ts";
import { assertSameOrigin } from "../../../edge/same-origin.ts";

/** What the routes of sessions are made of. */
export interface SessionRoutes {
  readonly sessions: Sessions;
  readonly peers: Pick<Peers, "isHttps">;
  readonly release: string;
  readonly mock: boolean;
}

/** The session of the request's cookie, or `unauthenticated`. */
function sessionOf(c: AppContext, sessions: Sessions): Session {
  const session = sessions.read(c.env.incoming.headers.cookie);
  if (session) return session;
  throw new SlipwayError("unauthenticated", "Nobody is signed in, or the session has ended.", {
    hint: "Sign in again.",
  });
}

/** `/api/v1/session`: signs the console in with a key, says who is signed in, signs out. */
export function registerSession(app: App, services: AppServices, options: SessionRoutes): void {
  const { sessions, peers, release, mock } = options;
  const describe = ({ principal, expiresAt, csrfToken }: Session): SessionBody => ({
    tenantId: principal.tenantId,
    keyId: principal.keyId,
    keyName: principal.keyName,
    role: principal.role,
    expiresAt: expiresAt.toISOString(),
    csrfToken,
    release,
    mock,
  });
  app.post("/api/v1/session", { requires: "public", body: signInSchema }, async (c) => {
    assertSameOrigin(c.env.incoming);
    const { apiKey } = await jsonBody(c, signInSchema);
    const principal = services.authenticate({ "x-api-key": apiKey.trim() });
    c.env.context.principal = principal;
    const { session, setCookie } = await sessions.open(principal, { https: peers.isHttps(c.env.incoming) });
    auditOf(c, services, principal, "session.open", session.id);
    c.header("set-cookie", setCookie);
    c.header("cache-control", "no-store");
    return c.json(describe(session), 201);
  });
  app.get("/api/v1/session", { requires: "public" }, (c) => {
    const session = sessionOf(c, sessions);
    c.env.context.principal = session.principal;
    c.header("cache-control", "no-store");
    return c.json(describe(session));
  });
  app.delete("/api/v1/session", { requires: "authenticated" }, async (c) => {
    const principal = principalOf(c);
    const session = sessions.read(c.env.incoming.headers.cookie);
    // A caller with a key has no session to end; its cookies, if any, go all the same.
    if (session && principal.via === "session") await sessions.close(session);
    auditOf(c, services, principal, "session.close", session?.id ?? principal.keyId);
    for (const cookie of sessions.closingCookies()) c.header("set-cookie", cookie, { append: true });
    return c.body(null, 204);
  });
  app.delete("/api/v1/session/all", { requires: "authenticated" }, async (c) => {
    const principal = principalOf(c);
    await sessions.closeAll(principal);
    auditOf(c, services, principal, "session.close_all", principal.keyId);
    for (const cookie of sessions.closingCookies()) c.header("set-cookie", cookie, { append: true });
    return c.body(null, 204);
  });
}
