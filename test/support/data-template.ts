import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../..");
const MIGRATIONS = join(ROOT, "server/src/store/migrations");
const TEMPLATES = join(ROOT, ".cache/test-data");
const COPY_MS = 60_000;

const run = promisify(execFile);

/** Where an embedded database that has been migrated and holds nothing else is kept; another schema or engine has another one. */
async function templateFolder(): Promise<string> {
  const hash = createHash("sha256").update(await readFile(join(ROOT, "server/package.json")));
  for (const file of (await readdir(MIGRATIONS)).toSorted())
    hash.update(file).update(await readFile(join(MIGRATIONS, file)));
  return join(TEMPLATES, hash.digest("hex").slice(0, 20));
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Gives a new home an embedded database that is there already, because making one takes seconds and nearly every test of the
 * whole system starts with it. `make` starts a server on a home and stops it; it is called when there is no template yet; templates of other schemas are thrown away then.
 */
export async function withData(home: string, make: (home: string) => Promise<void>): Promise<void> {
  const template = await templateFolder();
  if (!(await isThere(template))) {
    const first = await mkdtemp(join(tmpdir(), "slipway-template-"));
    try {
      await make(first);
      await rm(TEMPLATES, { recursive: true, force: true });
      await mkdir(TEMPLATES, { recursive: true });
      const unfinished = `${template}.${process.pid}`;
      await run("cp", ["-a", join(first, "data"), unfinished], { timeout: COPY_MS });
      // Whoever is first wins; both were made of the same.
      await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true, force: true }));
    } finally {
      await rm(first, { recursive: true, force: true });
    }
  }
  await run("cp", ["-a", "--reflink=auto", template, join(home, "data")], { timeout: COPY_MS });
}
