import { FAMILIES, RULES } from "../rules/all.ts";

/** The reference of all rules as Markdown, made from the rules, so that it says what they do. */
export function rulesPage(): string {
  const lines = [
    "# Rules of `slipway check-manifests`",
    "",
    "Made from the rules by `./slipway check-manifests --list-rules`; a test holds it to them. How to call it: [check-manifests.md](check-manifests.md).",
    "",
    `${RULES.length} rules. *Mends* are those that \`--fix\` mends where the fix is mechanical. *Review by* is the day by which somebody must look whether a dated fact still holds.`,
  ];
  for (const { title, rules } of FAMILIES) {
    lines.push("", `## ${title}`, "", "| rule | what and why | do | source |", "|---|---|---|---|");
    for (const each of rules) {
      const marks = [
        each.severity,
        ...(each.mends === true ? ["mends"] : []),
        ...(each.review === undefined ? [] : [`review by ${each.review}`]),
      ];
      lines.push(
        `| \`${each.id}\`<br>${marks.join(", ")} | ${cell(`${each.what} ${each.why}`)} | ${cell(each.fix)} | [page](${each.source.url}), as of ${each.source.date} |`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
}
