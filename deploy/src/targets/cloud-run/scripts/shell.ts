import { header } from "#render/yaml.ts";
import type { Context } from "../context.ts";

/** A word as the shell takes it. */
export function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** One command, its words quoted. */
export function command(...words: readonly string[]): string {
  return words.map(word).join(" ");
}

/** Makes what is not there: asks for it first, so that the script can be run again. */
export function ensure(describe: readonly string[], create: readonly string[]): string {
  return `${command(...describe)} >/dev/null 2>&1 ||\n  ${command(...create)}`;
}

/** A script that stops at the first failure, runs in its own folder and asks nothing. */
export function script(context: Context, about: readonly string[], blocks: readonly string[]): string {
  return [
    "#!/bin/sh",
    header(context.spec, "cloud-run").trimEnd(),
    ...about.map((line) => `# ${line}`),
    "set -eu",
    'cd "$(dirname "$0")"',
    `export CLOUDSDK_CORE_PROJECT=${word(context.project)} CLOUDSDK_CORE_DISABLE_PROMPTS=1`,
    ...blocks,
    "",
  ].join("\n");
}
