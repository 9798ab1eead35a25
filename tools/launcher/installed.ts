import { readFileSync } from "node:fs";
import { join } from "node:path";

// `node installed.ts ROOT`: exit 0 when node_modules holds what package-lock.json says, 1 when it does not. Run by the
// launcher when its own stamp is missing, as it is after `npm ci` by hand, so that nothing is installed twice.

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

/** Whether npm may have left the package out here, as it does with builds for other machines. */
function mayBeMissing(entry: LockedPackage): boolean {
  if (entry.optional !== true) return false;
  if (entry.os === undefined && entry.cpu === undefined) return true;
  return (
    entry.libc !== undefined ||
    ![entry.os].flat().includes(process.platform) ||
    ![entry.cpu].flat().includes(process.arch)
  );
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
