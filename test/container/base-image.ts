import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Docker, mustFinish } from "./docker-client.ts";

/*
 * The base image where no registry can be pulled: Debian's minimal system by debootstrap, Node from the npm package of
 * its binaries, npm from its own package, imported under the tag that the Dockerfile's FROM names.
 */

const ROOT = join(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache/container");
/** The npm that Node 24 ships, as its own package; only the build stages use it. */
const NPM_VERSION = "11.21.2";
const PULL_TIMEOUT_MS = 180_000;
const BOOTSTRAP_TIMEOUT_MS = 600_000;
const FALLBACK_MIRROR = "http://deb.debian.org/debian";
/** Parts of a Debian system that no container reads. */
const UNREAD = [
  "var/cache/apt",
  "var/lib/apt/lists",
  "var/log",
  "usr/share/doc",
  "usr/share/man",
  "usr/share/info",
  "usr/share/locale",
];

/** How a base image was come by. */
export type BaseImage = { tag: string; how: "present" | "pulled" | "made" | "made, from cache"; ms: number };

/** The tag in the Dockerfile's `ARG NODE_IMAGE=`, with its Node version and Debian suite. Throws when it has another form. */
export function baseOf(dockerfile: string): { tag: string; nodeVersion: string; suite: string } {
  const match = /^ARG NODE_IMAGE=(node:(\d+\.\d+\.\d+)-(\w+)-slim)$/m.exec(dockerfile);
  if (match === null)
    throw new Error("The Dockerfile names no base of the form ARG NODE_IMAGE=node:<version>-<suite>-slim");
  const [, tag = "", nodeVersion = "", suite = ""] = match;
  return { tag, nodeVersion, suite };
}

/** The first Debian archive in what `apt-get indextargets` printed, one per line; security archives are not bootable. */
export function mirrorOf(targets: string): string {
  const uris = targets.split("\n").map((line) => line.trim());
  return uris.find((uri) => /\/debian\/?$/.test(uri)) ?? FALLBACK_MIRROR;
}

/** Fetches a package from the machine's npm registry and unpacks it into `into`. */
async function unpackNpmPackage(spec: string, scratch: string, into: string): Promise<void> {
  const folder = await mkdtemp(join(scratch, "npm-"));
  await mustFinish("npm", ["pack", spec, "--silent", "--pack-destination", folder], {
    timeoutMs: BOOTSTRAP_TIMEOUT_MS,
  });
  const [archive] = await readdir(folder);
  if (archive === undefined) throw new Error(`npm pack ${spec} wrote no file`);
  await mkdir(into, { recursive: true });
  await mustFinish("tar", ["-xzf", join(folder, archive), "-C", into, "--strip-components=1", "--no-same-owner"]);
}

async function installNode(root: string, scratch: string, nodeVersion: string): Promise<void> {
  const node = join(scratch, "node");
  await unpackNpmPackage(`node-linux-${process.arch}@${nodeVersion}`, scratch, node);
  await mkdir(join(root, "usr/local/bin"), { recursive: true });
  await copyFile(join(node, "bin/node"), join(root, "usr/local/bin/node"));
  await chmod(join(root, "usr/local/bin/node"), 0o755);
  await unpackNpmPackage(`npm@${NPM_VERSION}`, scratch, join(root, "usr/local/lib/node_modules/npm"));
  for (const name of ["npm", "npx"]) {
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/local/bin", name));
  }
}

/** Writes the base's file system as one tar file. Needs root, as debootstrap does. */
async function makeArchive(archive: string, nodeVersion: string, suite: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "slipway-base-"));
  // debootstrap and chroot live where only root's PATH looks.
  const env = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  try {
    const root = join(scratch, "root");
    const targets = await mustFinish("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Identifier: Packages"], {
      env,
    });
    await mustFinish("debootstrap", ["--variant=minbase", suite, root, mirrorOf(targets)], {
      env,
      timeoutMs: BOOTSTRAP_TIMEOUT_MS,
    });
    await Promise.all(UNREAD.map((path) => rm(join(root, path), { recursive: true, force: true })));
    await mkdir(join(root, "var/log"), { recursive: true });
    // The official image has this user too.
    await mustFinish("chroot", [root, "groupadd", "--gid", "1000", "node"], { env });
    await mustFinish("chroot", [root, "useradd", "--uid", "1000", "--gid", "1000", "--create-home", "node"], { env });
    await installNode(root, scratch, nodeVersion);
    await mkdir(CACHE, { recursive: true });
    await mustFinish("tar", [
      "-C",
      root,
      "--exclude=./dev/*",
      "--exclude=./proc/*",
      "--exclude=./sys/*",
      "-cf",
      `${archive}.${process.pid}.part`,
      ".",
    ]);
    await rename(`${archive}.${process.pid}.part`, archive);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Makes sure that the engine has the base image of the Dockerfile: what is there, else the registry's, else one made here.
 * Throws with the command that failed when none of the three works.
 */
export async function ensureBaseImage(docker: Docker): Promise<BaseImage> {
  const began = performance.now();
  const { tag, nodeVersion, suite } = baseOf(await readFile(join(ROOT, "Dockerfile"), "utf8"));
  const done = (how: BaseImage["how"]): BaseImage => ({ tag, how, ms: Math.round(performance.now() - began) });
  if ((await docker.attempt(["image", "inspect", tag])).code === 0) return done("present");
  if ((await docker.attempt(["pull", tag], { timeoutMs: PULL_TIMEOUT_MS })).code === 0) return done("pulled");

  const recipe = createHash("sha256").update(await readFile(import.meta.filename));
  const key = recipe.update(`${nodeVersion} ${suite} ${process.arch}`).digest("hex").slice(0, 16);
  const archive = join(CACHE, `base-${key}.tar`);
  const cached = existsSync(archive);
  if (!cached) await makeArchive(archive, nodeVersion, suite);
  await docker.run(["import", "--change", 'CMD ["node"]', "-", tag], { input: createReadStream(archive) });
  return done(cached ? "made, from cache" : "made");
}
