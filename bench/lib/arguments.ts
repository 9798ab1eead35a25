/** A whole number of at least 1 from the command line, or the end of the program with exit code 2 and a sentence. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} wants a whole number above 0, not ${JSON.stringify(text)}\n`);
  process.exit(2);
}

/** Progress goes to standard error, so that standard output is the result alone. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
