import type { Finding, Severity } from "../finding.ts";
import type { Rule } from "../rule.ts";

const LEVELS: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

/** The findings as SARIF 2.1.0, the form that code hosts show beside the lines. */
export function toSarif(findings: readonly Finding[], rules: readonly Rule[], version: string): string {
  const used = rules.filter((each) => findings.some((finding) => finding.rule === each.id));
  const index = new Map(used.map((each, position) => [each.id, position]));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "slipway", semanticVersion: version, rules: used.map((each) => descriptor(each)) } },
        columnKind: "utf16CodeUnits",
        results: findings.map((each) => ({
          ruleId: each.rule,
          ruleIndex: index.get(each.rule),
          level: LEVELS[each.severity],
          message: { text: `${each.message} ${each.fix}` },
          locations: [
            { physicalLocation: { artifactLocation: { uri: uriOf(each.file) }, region: { startLine: each.line } } },
          ],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function descriptor(each: Rule): object {
  return {
    id: each.id,
    shortDescription: { text: each.what },
    fullDescription: { text: `${each.what} ${each.why}` },
    help: { text: each.fix },
    helpUri: each.source.url,
    defaultConfiguration: { level: LEVELS[each.severity] },
    properties: { sourceDate: each.source.date, ...(each.review !== undefined && { reviewBy: each.review }) },
  };
}

/** A path as a relative reference: a name with a colon or a space is none as it stands. */
function uriOf(file: string): string {
  if (file === "-") return "stdin";
  return file
    .replaceAll("\\", "/")
    .split("/")
    .map((part) => encodeURIComponent(part))
    .join("/");
}
