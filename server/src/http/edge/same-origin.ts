import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { HttpRequest } from "../message.ts";

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
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
