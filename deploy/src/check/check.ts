import type { Found } from "./finding.ts";
import type { Rule, Say } from "./rule.ts";
import { RULES } from "./rules/all.ts";
import type { InputFile } from "./sources/read-file.ts";
import { collect } from "./subjects/collect.ts";
import type { Topic, Topics } from "./subjects/topics.ts";
import type { Assumptions, World } from "./subjects/world.ts";
import { ignored } from "./ignore.ts";

/** What a check came to. */
export interface Checked {
  /** By file in the order given, then by line. */
  readonly found: readonly Found[];
  /** What was not looked at, and why. */
  readonly notes: readonly { readonly file: string; readonly note: string }[];
  /** Files that held something a rule is about. */
  readonly files: number;
}

/** Findings of one rule in one file: the rest are more of the same. */
const FINDINGS_PER_RULE_AND_FILE = 200;

/** Checks files as one set: some faults only show between them. Pure: the same files and assumptions, the same findings. */
export function check(files: readonly InputFile[], assumptions: Assumptions, rules: readonly Rule[] = RULES): Checked {
  const world = collect(files, assumptions);
  const found: Found[] = [];
  const skip = ignored(files);
  for (const rule of rules) {
    const counts = new Map<string, number>();
    const seen = new Set<string>();
    const say: Say = ({ file, line }, said = {}) => {
      const message = said.message ?? rule.what;
      const count = counts.get(file) ?? 0;
      const same = `${file}\n${line}\n${message}`;
      if (count >= FINDINGS_PER_RULE_AND_FILE || seen.has(same) || skip(file, line, rule.id)) return;
      counts.set(file, count + 1);
      seen.add(same);
      const finding = {
        rule: rule.id,
        severity: rule.severity,
        file,
        line,
        message,
        fix: rule.fix,
        source: rule.source.url,
      };
      // A guide's edits would count from the beginning of their block, not of the file.
      const mendable = said.edit !== undefined && !/\.(md|markdown)$/i.test(file);
      found.push(mendable ? { finding, edit: said.edit } : { finding });
    };
    ask(rule, world, say);
  }
  const order = new Map(files.map((file, index) => [file.path, index]));
  found.sort(
    (a, b) => (order.get(a.finding.file) ?? 0) - (order.get(b.finding.file) ?? 0) || a.finding.line - b.finding.line,
  );
  const looked = new Set(world.subjects.file.map((file) => file.file));
  return { found, notes: world.notes, files: looked.size };
}

function ask(rule: Rule, world: World, say: Say): void {
  // The topic of a rule and the type of its subjects belong together: `rule()` is the only way to make one.
  const find = rule.find as (subject: Topics[Topic], say: Say, world: World) => void;
  const subjects: readonly Topics[Topic][] = rule.on === "world" ? [world] : world.subjects[rule.on];
  for (const subject of subjects) find(subject, say, world);
}
