/** Commands as a block of Markdown. */
export function commands(...lines: readonly string[]): string {
  return `\`\`\`sh\n${lines.join("\n")}\n\`\`\`\n`;
}
