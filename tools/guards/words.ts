import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { faultResult, type Guard } from "./guard.ts";
import { writtenFiles } from "./source-files.ts";

/** A thing that must not stand in a file. */
interface Forbidden {
  readonly pattern: RegExp;
  readonly why: string;
  readonly files: RegExp;
}

const CODE = /\.(ts|tsx|cjs|mjs|js|css|sql|sh|ya?ml|html)$|(^|\/)(slipway|Dockerfile|\.ci\/run)$/;
const TEXT = /\.(ts|tsx|cjs|mjs|js|css|sql|sh|ya?ml|html|md|json)$|(^|\/)(slipway|Dockerfile|\.ci\/run)$/;
/** A Dockerfile names the paths of its image. */
const PATHS = /^(?!.*Dockerfile$).*$/;
const TESTS = /\.test\.tsx?$/;
const NO_TYPE_TEST = /^(?!.*\.test\.tsx?$).*\.tsx?$/;

/** A pattern from pieces, so that this file does not find itself. */
const pieces = (...parts: readonly string[]): RegExp => new RegExp(parts.join(""));

const FORBIDDEN: readonly Forbidden[] = [
  { pattern: pieces("\\b(TO", "DO|FIX", "ME|XX", "X)\\b"), why: "unfinished work", files: CODE },
  { pattern: pieces("\\b[Nn]ot[ _-]?", "[Ii]mplemented\\b"), why: "unfinished work", files: CODE },
  {
    pattern: /(^|[\s"'`=(:])\/(work|root|home\/(?!node\b)[a-z]\w*|Users\/\w+)\/[\w.]/,
    why: "a path of one machine",
    files: PATHS,
  },
  { pattern: pieces("@ts-(ig", "nore|no", "check)|(es|ox)lint-dis", "able"), why: "a rule switched off", files: CODE },
  {
    pattern: pieces("@ts-exp", "ect-error"),
    why: "a rule switched off (only tests of types may)",
    files: NO_TYPE_TEST,
  },
  {
    pattern: pieces("\\b(test|it|describe|suite)\\.(on", "ly|sk", "ip|to", "do)\\("),
    why: "a test that is shut off or alone; skip inside the test, with a reason",
    files: TESTS,
  },
];

/** Words that betray unfinished work, rules that were switched off, and paths that exist on one machine only. */
export const words: Guard = {
  name: "words",
  async run(root) {
    const files = (await writtenFiles(root)).filter((path) => TEXT.test(path) && !path.endsWith("package-lock.json"));
    const faults: string[] = [];
    for (const path of files) {
      const rules = FORBIDDEN.filter((rule) => rule.files.test(path));
      const lines = (await readFile(join(root, path), "utf8")).split("\n");
      for (const [index, line] of lines.entries()) {
        const broken = rules.find((rule) => rule.pattern.test(line));
        if (broken !== undefined) faults.push(`${path}:${index + 1}: ${broken.why}: ${line.trim().slice(0, 160)}`);
      }
    }
    return faultResult(faults, `${files.length} files`);
  },
};
