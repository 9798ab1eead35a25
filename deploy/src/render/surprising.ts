/*
 * Words that readers of YAML 1.1 (kubectl, Compose, gcloud, CloudFormation) make something else of than those of 1.2, by whose rules the
 * `yaml` library quotes: https://yaml.org/type/. Each is told by its own form, with Go's (an underscore anywhere, `0b101`) besides.
 */

const BOOLEAN = /^(?:yes|no|on|off|y|n)$/i;
const NUMBER = /^[-+]?(?:0b[01]+|0o?[0-7]+|0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)$/i;
/** Numbers to the base of 60: `12:30` is 750. */
const SIXTIES = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;
const TIMESTAMP = /^\d{4}-\d\d?-\d\d?(?:[Tt ][\d:.TtZz +-]*)?$/;
/** The default value, and the key that merges. */
const MARK = /^(?:=|<<)$/;
/** What begins any of them. */
const FIRST = /^[-+.\d=<YyNnOo]/;

/** Whether some reader takes a word, written without quotes, for something else. */
export function isSurprising(word: string): boolean {
  if (!FIRST.test(word)) return false;
  return (
    BOOLEAN.test(word) ||
    NUMBER.test(word.replaceAll("_", "")) ||
    SIXTIES.test(word) ||
    TIMESTAMP.test(word) ||
    MARK.test(word)
  );
}

const UNPRINTABLE = /[^\P{Cc}\n\t]|[\p{Zl}\p{Zp}\ufeff]/u;

/** Whether a text holds what may stand between quotes only: control characters, the line ends of Unicode, tabs in a line. */
export function needsQuotes(text: string): boolean {
  return UNPRINTABLE.test(text) || (text.includes("\t") && !text.includes("\n"));
}

/** Text between quotes in which what no reader may find as it stands is escaped. */
export function escaped(text: string): string {
  return text.replace(
    /[\u007f-\u009f\p{Zl}\p{Zp}\ufeff]/gu,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
