import { type SignInIssuers, signInQuerySchema } from "@slipway/contracts/api/session.ts";
import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { Principal } from "#identity/principal.ts";
import type { Sessions } from "#identity/sessions.ts";
import {
  CALLBACK_PATH,
  type SignIn,
  SignInFailed,
  type SignInPlace,
  type SignInProblem,
} from "#identity/sign-in/offer.ts";
import type { VerifiedCaller } from "#identity/tokens/grants.ts";
import { TokenRefused } from "#identity/tokens/refused.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import { type App, type AppContext, type AppServices, auditOf, queryOf } from "../../../../app.ts";
import { leaveTrail } from "../../../../edge/audit-trail.ts";
import type { Peers } from "../../../../edge/peer.ts";

/** What sign-in by issuers is made of. */
export interface SignInRoutes {
  /** Absent: there is no issuer to sign in at. */
  readonly signIn: SignIn | undefined;
  readonly sessions: Sessions;
  readonly principalOf: (caller: VerifiedCaller) => Principal;
  readonly peers: Pick<Peers, "isHttps">;
  /** Where people reach this server; empty: at this machine alone. */
  readonly publicOrigins: readonly string[];
  readonly log: Logger;
}

const HOME = "/console/playground";
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** What the audit log is told of a sign-in that is refused: what it is told of a key that nobody has. */
const NOT_SIGNED_IN = new SlipwayError("unauthenticated", "The sign-in was refused.");

/** A path of the console, never of another host: what a link brings along goes nowhere else. */
function safeReturnPath(path: string | undefined): string {
  return path !== undefined && /^\/console\/[A-Za-z0-9/_.~?=&%+-]{0,500}$/.test(path) ? path : HOME;
}

/** Where this server is for the browser: one of the addresses that were declared, or on this machine the one that was asked. */
function placeOf(c: AppContext, { peers, publicOrigins }: SignInRoutes): SignInPlace {
  const host = c.env.incoming.headers.host ?? "";
  const https = peers.isHttps(c.env.incoming);
  const [main] = publicOrigins;
  const origin =
    publicOrigins.find((known) => new URL(known).host === host) ??
    main ??
    (LOOPBACK.test(host) ? `${https ? "https" : "http"}://${host}` : undefined);
  if (origin !== undefined) return { origin, https: origin.startsWith("https:") };
  throw new SlipwayError("invalid_request", "Sign-in does not know under which address this server is reached.", {
    hint: "Set PUBLIC_URL to it, and register <PUBLIC_URL>/api/v1/session/callback with the issuer.",
  });
}

/** `/api/v1/session/issuers`, `…/begin`, `…/callback`: sign-in by OpenID Connect. */
export function registerSignIn(app: App, services: AppServices, options: SignInRoutes): void {
  const { signIn, sessions, log } = options;
  app.get("/api/v1/session/issuers", { requires: "public" }, (c) => {
    const issuers: SignInIssuers = { issuers: [...(signIn?.offers ?? [])] };
    return c.json(issuers);
  });
  app.get("/api/v1/session/begin", { requires: "public", query: signInQuerySchema }, async (c) => {
    const { issuer, return: wanted } = queryOf(c, signInQuerySchema);
    if (!signIn)
      throw new SlipwayError("not_found", "Nobody can sign in here but with a key.", {
        hint: "Declare an issuer with `signIn`.",
      });
    const { location, setCookie } = await signIn.begin(issuer, placeOf(c, options), safeReturnPath(wanted));
    c.header("set-cookie", setCookie);
    c.header("cache-control", "no-store");
    return c.redirect(location, 302);
  });
  // What an issuer sends along beside code and state is its own affair, so the query is no declared one.
  app.get(CALLBACK_PATH, { requires: "public" }, async (c) => {
    const { incoming, context } = c.env;
    c.header("cache-control", "no-store");
    if (!signIn) return c.redirect("/console/sign-in?problem=failed", 302);
    for (const cookie of signIn.closingCookies()) c.header("set-cookie", cookie, { append: true });
    try {
      const place = placeOf(c, options);
      const { caller, returnPath } = await signIn.finish(
        new URL(incoming.url ?? "/", place.origin),
        incoming.headers.cookie,
        place,
      );
      const principal = options.principalOf(caller);
      context.principal = principal;
      const { session, setCookie } = await sessions.open(principal, { https: place.https });
      auditOf(c, services, principal, "session.open", session.id);
      c.header("set-cookie", setCookie, { append: true });
      return c.redirect(returnPath, 302);
    } catch (thrown) {
      const problem = problemOf(thrown);
      context.route = CALLBACK_PATH;
      told(problem, thrown);
      await leaveTrail(services.audit, { req: incoming, context }, problem ? NOT_SIGNED_IN : toSlipwayError(thrown));
      return c.redirect(`/console/sign-in?problem=${problem ?? "failed"}`, 302);
    }
  });

  /** The log has what the sign-in page is not told. */
  function told(problem: SignInProblem | undefined, thrown: unknown): void {
    const cause = thrown instanceof SignInFailed ? (thrown.cause ?? thrown) : thrown;
    log.warn(
      { problem: problem ?? toSlipwayError(thrown).code, error: describeError(cause) },
      "somebody was not signed in",
    );
  }
}

/** The problem as the sign-in page knows it; undefined when it is none of whoever wanted to sign in. */
function problemOf(thrown: unknown): SignInProblem | undefined {
  if (thrown instanceof SignInFailed) return thrown.problem;
  return thrown instanceof TokenRefused ? "not_allowed" : undefined;
}
