import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { RenderedFile } from "#render/file.ts";
import { eject } from "#render/eject.ts";
import { type Rendered, type RenderRequest, renderSystem } from "#render/render.ts";
import { loadTarget } from "../targets/registry.ts";
import { writing } from "./cannot-write.ts";
import { readSpecFile } from "./spec-file.ts";
import { targetName } from "./target-name.ts";

/** What the command line says. */
export interface RenderFlags {
  readonly spec: string;
  readonly env: string;
  readonly target?: string;
  readonly digest?: string;
  readonly out: string;
  readonly check: boolean;
}

/** Names what was written, so that the next rendering can take away what it does not write any more. */
const LIST = ".slipway-rendered";

interface Written {
  readonly files: number;
  readonly folder: string;
}

/**
 * Renders, checks and writes; what was found goes to standard error. Throws what rendering throws, and `check_failed` for
 * findings that are errors, before anything is written.
 */
export async function renderFiles(flags: RenderFlags): Promise<Written> {
  const rendered = await renderSystem(await requestOf(flags), loadTarget);
  if (flags.check) await assertGood(rendered);
  await writeFiles(flags.out, rendered.files, LIST);
  return { files: rendered.files.length, folder: flags.out };
}

/**
 * The same with the runbook, into a new folder. Throws what rendering throws, `check_failed`, and `conflict` for a folder that
 * holds something.
 */
export async function ejectFiles(flags: RenderFlags): Promise<Written> {
  const ejected = await eject(await requestOf(flags), loadTarget);
  if (flags.check) await assertGood(ejected);
  const there = await readdir(flags.out).catch(() => []);
  if (there.length > 0)
    throw new SlipwayError("conflict", `${flags.out} is not empty.`, {
      hint: "What is ejected is edited by hand: --out names another folder.",
    });
  await writing(flags.out, writeAll(flags.out, ejected.files));
  return { files: ejected.files.length, folder: flags.out };
}

async function requestOf(flags: RenderFlags): Promise<RenderRequest> {
  const text = await readSpecFile(flags.spec);
  const target = flags.target === undefined ? undefined : targetName(flags.target);
  return { text, file: flags.spec, environment: flags.env, target, digest: flags.digest };
}

async function assertGood({ target, files }: Rendered): Promise<void> {
  const { checkRendering } = await import("./check-rendering.ts");
  const { text, errors } = checkRendering(target, files, new Date().toISOString().slice(0, 10));
  process.stderr.write(text);
  if (errors === 0) return;
  throw new SlipwayError(
    "check_failed",
    `What was rendered has ${errors} ${errors === 1 ? "error" : "errors"}; nothing was written.`,
    {
      hint: "Change slipway.yaml, or write it all the same with --no-check.",
    },
  );
}

/** Writes files into a folder and takes away those that `list`, a file in it, names and that are not among them. Throws `usage` where that cannot be done. */
export async function writeFiles(folder: string, files: readonly RenderedFile[], list: string): Promise<void> {
  await writing(folder, replaceFiles(folder, files, list));
}

async function replaceFiles(folder: string, files: readonly RenderedFile[], list: string): Promise<void> {
  const before = await readFile(join(folder, list), "utf8").catch(() => "");
  const now = new Set(files.map(({ path }) => path));
  // The list lies in a folder that others write to: it may name files below it only.
  const listed = before
    .split("\n")
    .filter((path) => path !== "" && !normalize(path).startsWith("..") && !path.startsWith("/"));
  const write = async (paths: Iterable<string>): Promise<void> =>
    await writeFile(join(folder, list), `${[...paths].sort().join("\n")}\n`);
  // Before anything else: of what is broken off here, the next time must know all.
  await mkdir(folder, { recursive: true });
  await write(new Set([...listed, ...now]));
  for (const path of listed) if (!now.has(path)) await rm(join(folder, path), { force: true });
  await writeAll(folder, files);
  await write(now);
}

async function writeAll(folder: string, files: readonly RenderedFile[]): Promise<void> {
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    if (path.endsWith(".sh")) await chmod(join(folder, path), 0o755);
  }
}
