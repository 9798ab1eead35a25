import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { renderPipeline } from "../pipeline/render-pipeline.ts";
import { writeFiles } from "./render-files.ts";
import { readSpecFile } from "./spec-file.ts";

/** What the command line says. */
export interface PipelineFlags {
  readonly spec: string;
  readonly out: string;
  readonly check: boolean;
}

/** Names what was written, so that the next time can take away what is not made any more. */
const LIST = ".slipway-pipeline";

/** Writes the pipeline's files, or with `check` compares them. A line that says so. Throws `conflict` when they differ. */
export async function pipelineFiles({ spec, out, check }: PipelineFlags): Promise<string> {
  const files = renderPipeline(await readSpecFile(spec), spec);
  if (!check) {
    await writeFiles(out, files, LIST);
    return `${files.length} files in ${out}: ${files.map(({ path }) => path).join(", ")}\n`;
  }
  const kept = await Promise.all(files.map(({ path }) => readFile(join(out, path), "utf8").catch(() => undefined)));
  const other = files.filter(({ text }, index) => text !== kept[index]).map(({ path }) => path);
  if (other.length > 0)
    throw new SlipwayError("conflict", `Not what ${spec} says: ${other.join(", ")}.`, {
      hint: `Write them again: slipway pipeline --spec ${spec} --out ${out}`,
    });
  return `${files.length} files are as ${spec} says\n`;
}
