import { readFileSync } from "node:fs";
import { join } from "node:path";

// `node installed.ts ROOT`: exit 0 when node_modules holds what package-lock.json says, 1 when it does not. Run by the
// launcher when its own stamp is missing, as it is after `npm ci` by hand, so that nothing is installed twice; and after an
// installation, because an old npm leaves packages out and calls that a success.

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly os?: string | readonly string[];
  readonly cpu?: string | readonly string[];
  readonly libc?: string | readonly string[];
}

type Packages = Readonly<Record<string, LockedPackage>>;

function packagesOf(file: string): Packages {
  return (JSON.parse(readFileSync(file, "utf8")) as { packages: Packages }).packages;
}

function same(a: LockedPackage, b: LockedPackage): boolean {
  return a.version === b.version && a.integrity === b.integrity && a.link === b.link;
}

/** Whether the package is for another machine than this one, or for one that npm may replace by another build. */
function mayBeMissing(entry: LockedPackage): boolean {
  if (entry.optional !== true) return false;
  if (entry.os === undefined && entry.cpu === undefined) return true;
  return !allows(entry.os, process.platform) || !allows(entry.cpu, process.arch) || !allows(entry.libc, libc());
}

function allows(wanted: string | readonly string[] | undefined, here: string): boolean {
  return wanted === undefined || [wanted].flat().includes(here);
}

/** The C library by npm's names. */
function libc(): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? "musl" : "glibc";
}

function matches(root: string): boolean {
  const wanted = packagesOf(join(root, "package-lock.json"));
  // npm writes this file when an installation is complete, and removes it first.
  const present = packagesOf(join(root, "node_modules/.package-lock.json"));
  for (const [path, entry] of Object.entries(wanted)) {
    const found = present[path];
    if (path !== "" && (found === undefined ? !mayBeMissing(entry) : !same(entry, found))) return false;
  }
  return Object.keys(present).every((path) => path in wanted);
}

try {
  process.exitCode = matches(process.argv[2] ?? ".") ? 0 : 1;
} catch {
  process.exitCode = 1;
}
