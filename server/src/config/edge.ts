import { readAddressList } from "#http/edge/address-list.ts";
import type { EnvironmentReader } from "./reader.ts";

/** Who stands between the clients and this server, and what is demanded of their connections. */
export interface EdgeSettings {
  /** Requests over plain HTTP are sent to https or refused. */
  readonly enforceHttps: boolean;
  /** Seconds for which browsers are told to use https alone; 0: they are not told. */
  readonly hstsSeconds: number;
  /** Addresses, ranges and names of ranges whose `X-Forwarded-*` are believed; undefined: nobody said. */
  readonly trustedProxies: readonly string[] | undefined;
  /** `https://host[:port]` at which people reach this server, the first as the main one; empty: nobody said. */
  readonly publicOrigins: readonly string[];
}

const HSTS_SECONDS = 365 * 86_400;

function listOf(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function readOrigins(env: EnvironmentReader): readonly string[] {
  const origins: string[] = [];
  for (const text of listOf(env.text("PUBLIC_URL")) ?? []) {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (
      url &&
      ["http:", "https:"].includes(url.protocol) &&
      url.pathname === "/" &&
      url.search === "" &&
      url.username === ""
    ) {
      origins.push(url.origin);
    } else
      env.problems.push(
        "PUBLIC_URL must be a comma list of addresses without a path, such as https://slipway.example.com",
      );
  }
  return origins;
}

/** Reads `ENFORCE_HTTPS`, `HSTS_SECONDS`, `TRUSTED_PROXIES`, `PUBLIC_URL`. */
export function readEdge(env: EnvironmentReader): EdgeSettings {
  const proxies = listOf(env.text("TRUSTED_PROXIES"))?.filter((entry) => entry !== "none");
  if (typeof readAddressList(proxies ?? []) === "string") {
    env.problems.push(
      "TRUSTED_PROXIES must be a comma list of addresses and ranges such as 10.0.0.0/8, or loopback, private or none",
    );
  }
  return {
    enforceHttps: env.flag("ENFORCE_HTTPS") ?? false,
    hstsSeconds: env.integer("HSTS_SECONDS", HSTS_SECONDS, 0, 10 * HSTS_SECONDS),
    trustedProxies: proxies,
    publicOrigins: readOrigins(env),
  };
}
