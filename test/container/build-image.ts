import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Docker, finish } from "./docker-client.ts";

const ROOT = join(import.meta.dirname, "../..");
/** Where the Dockerfile mounts the secret `npmca`. */
const CA_IN_BUILD = "/run/secrets/npmca";
/** Settings that say how to reach a registry; the rest of a user's .npmrc is not the build's business. */
const REACHES_A_REGISTRY = /^(\/\/|(@[^:=\s]+:)?registry\b|proxy\b|https-proxy\b|noproxy\b|strict-ssl\b)/;
/** Docker passes these to a build without writing them into the image's history. */
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** How this machine's npm reaches its registry. */
export type NpmAccess = {
  /** The lines of an .npmrc for the build. */
  npmrc: string;
  /** A file of certificates that the registry's is signed by; absent where the system's own are enough. */
  caFile?: string;
  /** What must not be found in an image: registry hosts other than the public one, and tokens. */
  traces: string[];
};

/** An .npmrc for the build out of the user's: only what reaches a registry, with variables filled in from `env`. */
export function npmrcForBuild(
  own: string,
  registry: string,
  hasCa: boolean,
  env: Record<string, string | undefined>,
): string {
  const lines = own
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => REACHES_A_REGISTRY.test(line) && !line.startsWith("registry"))
    .map((line) => line.replaceAll(/\$\{(\w+)\??\}/g, (_, name: string) => env[name] ?? ""));
  return [...lines, `registry=${registry}`, ...(hasCa ? [`cafile=${CA_IN_BUILD}`] : []), ""].join("\n");
}

/** The words of an .npmrc that would betray where an image was built: tokens, passwords and hosts that are not the public registry. */
export function tracesOf(npmrc: string): string[] {
  const secrets = [...npmrc.matchAll(/:(?:_authToken|_auth|_password)\s*=\s*"?([^"\s]+)/g)].map(
    (match) => match[1] ?? "",
  );
  const hosts = [...npmrc.matchAll(/(?:https?:)?\/\/([^/\s:]+)/g)].map((match) => match[1] ?? "");
  const own = hosts.filter((host) => host !== "registry.npmjs.org" && host !== "localhost" && !host.startsWith("127."));
  return [...new Set([...secrets, ...own])].filter((word) => word !== "");
}

async function setting(name: string): Promise<string> {
  const { stdout } = await finish("npm", ["config", "get", name]);
  const value = stdout.trim();
  return value === "null" || value === "undefined" ? "" : value;
}

/** Reads this machine's npm configuration. */
export async function npmAccess(): Promise<NpmAccess> {
  const [registry, cafile, userconfig] = await Promise.all([
    setting("registry"),
    setting("cafile"),
    setting("userconfig"),
  ]);
  const caFile = cafile || process.env["NODE_EXTRA_CA_CERTS"] || "";
  const own = await readFile(userconfig, "utf8").catch(() => "");
  const npmrc = npmrcForBuild(own, registry, caFile !== "", process.env);
  return { npmrc, traces: tracesOf(npmrc), ...(caFile === "" ? {} : { caFile }) };
}

/**
 * Builds the repository's Dockerfile as `tag`, reaching npm's registry as this machine does. What that takes is mounted
 * as build secrets, which reach no layer. Answers the time it took, in milliseconds.
 */
export async function buildImage(docker: Docker, tag: string, release: string): Promise<number> {
  const began = performance.now();
  const access = await npmAccess();
  const scratch = await mkdtemp(join(tmpdir(), "slipway-build-"));
  try {
    const npmrc = join(scratch, "npmrc");
    await writeFile(npmrc, access.npmrc, { mode: 0o600 });
    const secrets = ["--secret", `id=npmrc,src=${npmrc}`];
    if (access.caFile !== undefined) {
      secrets.push("--secret", `id=npmca,src=${access.caFile}`);
    }
    const proxies = PROXY_VARIABLES.filter((name) => process.env[name] !== undefined).flatMap((name) => [
      "--build-arg",
      name,
    ]);
    const args = ["--network", "host", ...secrets, ...proxies, "--build-arg", `SLIPWAY_RELEASE=${release}`];
    await docker.build([...args, "--tag", tag, ROOT]);
    return Math.round(performance.now() - began);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
