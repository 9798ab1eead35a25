import { timingSafeEqual } from "node:crypto";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { csrfTokenIn } from "#identity/session-cookie.ts";
import type { HttpRequest } from "../message.ts";

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * Refuses a changing request of a session that does not come from the console's own pages: from another origin, or without the token
 * that only they were told.
 */
export function assertOwnPage(req: HttpRequest): void {
  if (req.method === "GET" || req.method === "HEAD") return;
  assertSameOrigin(req);
  const csrfToken = csrfTokenIn(single(req.headers["cookie"]));
  const sent = single(req.headers["x-csrf-token"]);
  if (csrfToken === undefined || sent === undefined || !sameText(sent, csrfToken)) {
    throw new SlipwayError("csrf_token_wrong", "The request does not carry the session's CSRF token.", {
      hint: "GET /api/v1/session gives it (`csrfToken`); send it as `x-csrf-token`.",
    });
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Refuses a changing request that a browser sends with a session cookie from another site. The cookie is SameSite=Strict
 * already; this holds where a browser or a sibling domain gets around that. Requests with a key are not affected.
 */
export function assertSameOrigin(req: HttpRequest): void {
  if (req.method === "GET" || req.method === "HEAD") return;
  const origin = single(req.headers["origin"]);
  const { host } = req.headers;
  const fetchSite = req.headers["sec-fetch-site"];
  const foreign =
    (fetchSite !== undefined && fetchSite !== "same-origin" && fetchSite !== "none") ||
    origin === undefined ||
    !URL.canParse(origin) ||
    new URL(origin).host !== host;
  if (foreign) {
    throw new SlipwayError("forbidden", "A console session changes things from the console's own pages only.", {
      hint: "Use an API key for requests from elsewhere.",
    });
  }
}
