import type { Finding, Severity } from "../finding.ts";

/** What the summary counts besides the findings. */
export interface Counted {
  readonly files: number;
  readonly notes: readonly { readonly file: string; readonly note: string }[];
  readonly fixed: number;
}

const COLOURS: Readonly<Record<Severity | "dim" | "bold", string>> = {
  error: "31",
  warning: "33",
  info: "36",
  dim: "2",
  bold: "1",
};

/** The findings for people: by file, each with its line, what is wrong and what to do. */
export function toText(findings: readonly Finding[], counted: Counted, colour: boolean): string {
  const paint = (text: string, as: keyof typeof COLOURS): string =>
    colour ? `\u001B[${COLOURS[as]}m${text}\u001B[0m` : text;
  const lines: string[] = [];
  let file: string | undefined;
  for (const each of findings) {
    if (each.file !== file) {
      if (file !== undefined) lines.push("");
      ({ file } = each);
      lines.push(paint(file === "-" ? "(standard input)" : file, "bold"));
    }
    const place = String(each.line).padStart(5);
    lines.push(
      `${place}  ${paint(each.severity.padEnd(7), each.severity)}  ${each.message}  ${paint(each.rule, "dim")}`,
    );
    lines.push(`${" ".repeat(16)}→ ${each.fix}`);
  }
  if (lines.length > 0) lines.push("");
  for (const { file: path, note } of counted.notes) lines.push(paint(`not looked at: ${path} (${note})`, "dim"));
  lines.push(summary(findings, counted));
  return `${lines.join("\n")}\n`;
}

function summary(findings: readonly Finding[], { files, fixed }: Counted): string {
  const count = (severity: Severity): number => findings.filter((each) => each.severity === severity).length;
  const looked = `${files} ${files === 1 ? "file" : "files"}`;
  const mended = fixed > 0 ? `, ${fixed} mended` : "";
  if (findings.length === 0) return `Nothing found in ${looked}${mended}.`;
  return `${looked}: ${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}, ${count("info")} info${mended}. Why each rule: ./slipway check-manifests --list-rules`;
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
