import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type CachePolicy, MOST_TTL_SECONDS, type RouteCache } from "#router/cache/policy.ts";

/** Seconds for which an answer is kept when neither route nor request says. */
const DEFAULT_TTL_SECONDS = 3600;

/**
 * What a request may do with the cache: undefined when neither its `x-slipway-cache: true` or `semantic` nor its route asks for it.
 * `threshold` is the server's least similarity; undefined: it compares no meanings, so a header that asks for it is refused, and
 * a route that does keeps answers to equal questions.
 * `cache-control` then means what it means for every HTTP cache (RFC 9111, 5.2.1): `no-store`, `no-cache`, `max-age`,
 * `only-if-cached`. On a request that asks by itself, `max-age` is also how long the answer is kept. Throws `invalid_request`.
 */
export function readCachePolicy(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  route: RouteCache | undefined,
  threshold?: number,
): CachePolicy | undefined {
  const asked = askedFor(headers["x-slipway-cache"]);
  if (asked === false || (asked === undefined && !route)) return undefined;
  const directives = new Map<string, string>();
  for (const part of String(headers["cache-control"] ?? "").split(",")) {
    const [name = "", value = ""] = part.split("=", 2);
    directives.set(name.trim().toLowerCase(), value.trim().replaceAll('"', ""));
  }
  const maxAge = secondsOf(directives.get("max-age"));
  const noStore = directives.has("no-store");
  const ttlSeconds = route?.ttlSeconds ?? (maxAge || DEFAULT_TTL_SECONDS);
  return {
    read: !noStore && !directives.has("no-cache") && maxAge !== 0,
    store: !noStore && ttlSeconds > 0,
    maxAgeSeconds: maxAge ?? MOST_TTL_SECONDS,
    ttlSeconds,
    onlyIfCached: directives.has("only-if-cached"),
    ...similarityOf(asked, headers[THRESHOLD], route, threshold),
  };
}

const THRESHOLD = "x-slipway-cache-threshold";

function askedFor(value: string | string[] | undefined): boolean | "semantic" | undefined {
  if (value === undefined) return undefined;
  if (value === "true") return true;
  if (value === "false") return false;
  if (value === "semantic") return value;
  throw new SlipwayError("invalid_request", "The header `x-slipway-cache` must be `true`, `semantic` or `false`.", {
    param: "x-slipway-cache",
  });
}

function similarityOf(
  asked: boolean | "semantic" | undefined,
  header: string | string[] | undefined,
  route: RouteCache | undefined,
  threshold: number | undefined,
): { readonly similarity?: number } {
  if (asked === true || (asked === undefined && !route?.semantic)) return {};
  if (threshold === undefined) {
    if (asked === undefined) return {};
    throw new SlipwayError("invalid_request", "This server compares no meanings: it has no embedding model for it.", {
      param: "x-slipway-cache",
      hint: "Set SEMANTIC_CACHE_MODEL, or send `x-slipway-cache: true` for answers to equal requests.",
    });
  }
  if (header === undefined) return { similarity: route?.semantic?.threshold ?? threshold };
  const least = typeof header === "string" && /^(0?\.\d{1,6}|[01](\.0{1,6})?)$/.test(header) ? Number(header) : 0;
  if (least > 0) return { similarity: least };
  throw new SlipwayError("invalid_request", `The header \`${THRESHOLD}\` must be a number above 0, up to 1.`, {
    param: THRESHOLD,
  });
}

function secondsOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,10}$/.test(value)) return Math.min(Number(value), MOST_TTL_SECONDS);
  throw new SlipwayError("invalid_request", "`max-age` of `cache-control` must be a whole number of seconds.", {
    param: "cache-control",
  });
}
