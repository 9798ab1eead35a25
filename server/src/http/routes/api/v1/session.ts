import { type Session as SessionBody, signInSchema } from "@slipway/contracts/api/session.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Session, Sessions } from "#identity/sessions.ts";
import { type App, type AppServices, auditOf, jsonBody, principalOf } from "../../../app.ts";
import { assertSameOrigin } from "../../../edge/same-origin.ts";

/** `/api/v1/session`: signs the console in with a key, says who is signed in, signs out. */
export function registerSession(
  app: App,
  services: AppServices,
  options: { readonly sessions: Sessions; readonly release: string; readonly mock: boolean },
): void {
  const { sessions, release, mock } = options;
  const describe = ({ principal, expiresAt }: Session): SessionBody => ({
    tenantId: principal.tenantId,
    keyId: principal.keyId,
    keyName: principal.keyName,
    expiresAt: expiresAt.toISOString(),
    release,
    mock,
  });
  app.post("/api/v1/session", { requires: "public", body: signInSchema }, async (c) => {
    assertSameOrigin(c.env.incoming);
    const { apiKey } = await jsonBody(c, signInSchema);
    const principal = services.authenticate({ "x-api-key": apiKey.trim() });
    c.env.context.principal = principal;
    const { session, setCookie } = sessions.open(principal, { https: c.req.url.startsWith("https:") });
    auditOf(c, services, principal, "session.open", principal.keyId);
    c.header("set-cookie", setCookie);
    c.header("cache-control", "no-store");
    return c.json(describe(session), 201);
  });
  app.get("/api/v1/session", { requires: "public" }, (c) => {
    const session = sessions.read(c.env.incoming.headers.cookie);
    if (!session) {
      throw new SlipwayError("unauthenticated", "Nobody is signed in, or the session has ended.", {
        hint: "Sign in with an API key.",
      });
    }
    c.env.context.principal = session.principal;
    c.header("cache-control", "no-store");
    return c.json(describe(session));
  });
  app.delete("/api/v1/session", { requires: "authenticated" }, (c) => {
    const principal = principalOf(c);
    auditOf(c, services, principal, "session.close", principal.keyId);
    for (const cookie of sessions.closingCookies()) c.header("set-cookie", cookie, { append: true });
    return c.body(null, 204);
  });
}
