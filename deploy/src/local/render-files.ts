import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { nearest } from "@slipway/contracts/nearest.ts";
import { type TargetName, TARGETS } from "@slipway/contracts/spec/environment.ts";
import type { RenderedFile } from "#render/file.ts";
import { render } from "#render/render.ts";
import { loadTarget } from "../targets/registry.ts";
import { readSpecFile } from "./spec-file.ts";

/** What the command line says. */
export interface RenderFlags {
  readonly spec: string;
  readonly env: string;
  readonly target?: string;
  readonly digest?: string;
  readonly out: string;
}

/** Names what was written, so that the next rendering can take away what it does not write any more. */
const LIST = ".slipway-rendered";

/** Renders and writes. Throws what rendering throws, before anything is written. */
export async function renderFiles(flags: RenderFlags): Promise<{ readonly files: number; readonly folder: string }> {
  const text = await readSpecFile(flags.spec);
  const target = flags.target === undefined ? undefined : targetName(flags.target);
  const files = await render(
    { text, file: flags.spec, environment: flags.env, target, digest: flags.digest },
    loadTarget,
  );
  await write(flags.out, files);
  return { files: files.length, folder: flags.out };
}

function targetName(text: string): TargetName {
  const known = TARGETS.find((name) => name === text);
  if (known !== undefined) return known;
  const guess = nearest(text, TARGETS);
  throw new SlipwayError(
    "usage",
    `There is no target "${text}"${guess === undefined ? "." : `, did you mean "${guess}"?`}`,
    {
      hint: `There are: ${TARGETS.join(", ")}.`,
    },
  );
}

async function write(folder: string, files: readonly RenderedFile[]): Promise<void> {
  const before = await readFile(join(folder, LIST), "utf8").catch(() => "");
  const now = new Set(files.map(({ path }) => path));
  for (const path of before.split("\n")) {
    // The list lies in a folder that others write to: it may name files below it only.
    const inside = path !== "" && !normalize(path).startsWith("..") && !path.startsWith("/");
    if (inside && !now.has(path)) await rm(join(folder, path), { force: true });
  }
  for (const { path, text } of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    if (path.endsWith(".sh")) await chmod(join(folder, path), 0o755);
  }
  await writeFile(join(folder, LIST), `${[...now].sort().join("\n")}\n`);
}
