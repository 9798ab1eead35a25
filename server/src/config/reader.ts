import type { Environment } from "./env.ts";

/** What is wrong with the settings, one line a variable. Values are never part of a line: they may be secrets. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The settings are wrong:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "SettingsError";
    this.problems = problems;
  }
}

/** Reads typed values out of the environment and gathers everything that is wrong instead of stopping at the first. */
export class EnvironmentReader {
  readonly problems: string[] = [];
  readonly #environment: Environment;
  readonly #asked = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The first of these names that is set to something; an empty value counts as not set. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) this.#asked.add(name);
    for (const name of names) {
      const value = this.#environment[name]?.trim();
      if (value) return value;
    }
    return undefined;
  }

  /** Which of these names are set. */
  present(names: readonly string[]): readonly string[] {
    return names.filter((name) => this.text(name) !== undefined);
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (["true", "1", "yes", "on"].includes(value)) return true;
    if (["false", "0", "no", "off"].includes(value)) return false;
    this.problems.push(`${name} must be true or false`);
    return undefined;
  }

  /** `words` are texts that stand for a number. */
  integer(
    name: string,
    fallback: number,
    least: number,
    most: number,
    words: Readonly<Record<string, number>> = {},
  ): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const word = words[text.toLowerCase()];
    if (word !== undefined) return word;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const others = Object.keys(words).map((other) => `, or ${other}`);
    this.problems.push(`${name} must be a whole number from ${least} to ${most}${others.join("")}`);
    return fallback;
  }

  choice<Choice extends string>(names: readonly string[], choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.text(...names)?.toLowerCase();
    if (value === undefined) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.problems.push(`${names.join(" or ")} must be one of ${choices.join(", ")}`);
    return found ?? fallback;
  }

  list<Choice extends string>(name: string, choices: readonly Choice[]): readonly Choice[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found: Choice[] = [];
    for (const part of text.split(",")) {
      const word = part.trim().toLowerCase();
      const choice = choices.find((known) => known === word);
      if (choice === undefined) {
        this.problems.push(`${name} must be a comma list of ${choices.join(", ")}`);
        return undefined;
      }
      found.push(choice);
    }
    return found;
  }

  url(name: string, protocols: readonly string[]): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
    this.problems.push(
      `${name} must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`,
    );
    return undefined;
  }

  /** Text of at least `least` characters: a secret that is too short protects nothing. */
  secret(name: string, least: number): string | undefined {
    const value = this.text(name);
    if (value !== undefined && value.length < least)
      this.problems.push(`${name} must have at least ${least} characters`);
    return value;
  }

  /** Throws everything that was wrong, at once. */
  finish(): void {
    if (this.problems.length > 0) throw new SettingsError(this.problems);
  }
}
