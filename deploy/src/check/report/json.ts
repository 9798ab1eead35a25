import type { Finding } from "../finding.ts";

/** The findings as one JSON document. */
export function toJson(findings: readonly Finding[]): string {
  const plain = findings.map(({ rule, severity, file, line, message, fix, source }) => ({
    rule,
    severity,
    file,
    line,
    message,
    fix,
    source,
  }));
  return `${JSON.stringify({ findings: plain }, null, 2)}\n`;
}
