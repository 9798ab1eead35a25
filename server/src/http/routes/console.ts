import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { App, AppContext } from "../app.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};

/** No frame around it, no address leaked to where a link leads, no guessing at types. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

/** Nothing from another host, no inline script or style. */
const POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** What the build writes where a page's nonce belongs (`cspNonce` in console/vite.config.ts). */
const NONCE_PLACE = "__SLIPWAY_NONCE__";

/**
 * The policy of one page: only scripts that this answer names, and those that they load, run; not even another file of this host
 * (CSP level 3, 8.2, https://www.w3.org/TR/CSP3/#strict-dynamic-usage).
 */
function pagePolicy(nonce: string): string {
  return `${POLICY}; script-src 'nonce-${nonce}' 'strict-dynamic'`;
}

interface File {
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same, compressed; absent where that saves nothing. */
  readonly gzip: Uint8Array<ArrayBuffer> | undefined;
  readonly type: string;
}

const COMPRESSIBLE = new Set([".html", ".js", ".css", ".svg", ".json", ".txt"]);

function readFile(path: string, type: string): File {
  const body = new Uint8Array(readFileSync(path));
  const gzip = COMPRESSIBLE.has(extname(path)) ? new Uint8Array(gzipSync(body, { level: 9 })) : undefined;
  return { body, gzip: gzip && gzip.length < body.length ? gzip : undefined, type };
}

// The console is some dozens of small files that its build made; they are read once.
const MOST_FILES = 1000;

function readFiles(dir: string): Map<string, File> {
  const files = new Map<string, File>();
  let names: string[];
  try {
    names = readdirSync(dir, { recursive: true, encoding: "utf8" }).slice(0, MOST_FILES);
  } catch {
    return files;
  }
  for (const name of names) {
    const path = join(dir, name);
    const type = TYPES[extname(name)];
    if (type === undefined || !statSync(path).isFile()) continue;
    files.set(relative(dir, path).split(sep).join("/"), readFile(path, type));
  }
  return files;
}

/** A page, under a nonce that no other answer has. It is a kilobyte, so it is sent as it is. */
function page(c: AppContext, { body, type }: File): Response {
  const nonce = randomBytes(16).toString("base64url");
  return c.body(Buffer.from(body).toString("utf8").replaceAll(NONCE_PLACE, nonce), 200, {
    ...SECURITY_HEADERS,
    "content-security-policy": pagePolicy(nonce),
    "content-type": type,
    "cache-control": "no-store",
  });
}

/** `/console/`: the built console. A path that is no file is a page of the console's own router. */
export function registerConsole(app: App, dir: string): void {
  let files = new Map<string, File>();
  const find = (name: string): File | undefined => {
    if (files.size === 0) files = readFiles(dir);
    return files.get(name);
  };
  app.get("/", { requires: "public" }, (c) => c.redirect("/console/"));
  app.get("/console/*", { requires: "public", ids: { "*": "file" } }, (c) => {
    // The pattern matches the path without its slash too; a route of its own for that one would match both and loop.
    if (c.env.context.path === "/console") return c.redirect("/console/");
    const name = c.env.context.path.slice("/console/".length);
    const isAsset = name.startsWith("assets/");
    const file = find(name === "" ? "index.html" : name) ?? (isAsset ? undefined : find("index.html"));
    if (!file) {
      throw new SlipwayError("not_found", "The console has no such file, or it is not built.", {
        hint: "`./slipway up` builds it.",
      });
    }
    if (file.type.startsWith("text/html")) return page(c, file);
    const gzip = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "") ? file.gzip : undefined;
    return c.body(gzip ?? file.body, 200, {
      ...SECURITY_HEADERS,
      "content-security-policy": POLICY,
      ...(gzip ? { "content-encoding": "gzip" } : {}),
      vary: "accept-encoding",
      "content-type": file.type,
      // Names under assets/ carry the hash of their content.
      "cache-control": isAsset ? "public, max-age=31536000, immutable" : "no-cache",
    });
  });
}
