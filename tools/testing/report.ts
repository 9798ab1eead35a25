import { relative } from "node:path";
import type { Outcome } from "./outcome.ts";

/** A test that took longer is named at the end. Milliseconds. */
const SLOW = 5_000;
/** How many slow tests are named. */
const SLOW_SHOWN = 5;
/** How much of what a failing file printed is shown: its last characters. */
const OUTPUT_SHOWN = 8_000;
/** How the reason of a skip begins when a part that CI must have is missing. */
const REQUIRED = "requires ";

interface FileTally {
  passed: number;
  failed: number;
  output: string;
}

/** Counts outcomes and says what a person must read: a line per file, failures in full, and the closing line. */
export class Report {
  #passed = 0;
  #failures: string[] = [];
  #skips: { readonly test: string; readonly reason: string }[] = [];
  #slow: { readonly test: string; readonly ms: number }[] = [];
  readonly #files = new Map<string, FileTally>();
  readonly #root: string;
  readonly #print: (text: string) => void;

  constructor(root: string, print: (text: string) => void) {
    this.#root = root;
    this.#print = print;
  }

  /** Takes one outcome in. */
  add(outcome: Outcome): void {
    if (outcome.kind === "end") return;
    const file = this.#name(outcome.file);
    const tally = this.#tally(file);
    switch (outcome.kind) {
      case "passed":
        this.#passed += 1;
        tally.passed += 1;
        if (outcome.ms >= SLOW) this.#slow.push({ test: `${file} › ${outcome.name}`, ms: outcome.ms });
        return;
      case "skipped":
        this.#skips.push({ test: `${file} › ${outcome.name}`, reason: outcome.reason });
        return;
      case "failed":
        tally.failed += 1;
        this.#failures.push(`${file} › ${outcome.name}`);
        this.#print(`\nFAIL  ${file} › ${outcome.name}\n${indented(outcome.error)}\n`);
        return;
      case "output":
        tally.output = (tally.output + outcome.text).slice(-OUTPUT_SHOWN);
        return;
      case "file":
        this.#fileDone(file, tally, outcome.ms);
    }
  }

  /** Counts something that is no test of `node:test`, such as a guard, as one. */
  count(name: string, ok: boolean): void {
    if (ok) this.#passed += 1;
    else this.#failures.push(name);
  }

  /** Says what the files of a part that shared a process had to say when one of them failed, and how many tests it was. */
  partDone(title: string, files: number, passedBefore: number, ms: number): void {
    const count = this.#passed - passedBefore;
    this.#print(`ok    ${title}: ${files} files in one process, ${count} tests, ${(ms / 1000).toFixed(1)} s\n`);
  }

  get passed(): number {
    return this.#passed;
  }

  get failed(): number {
    return this.#failures.length;
  }

  /**
   * The end of the report; its last line counts. Answers whether the run was good: nothing failed, something was run, and
   * where `strict` says so (on CI), nothing that is required was skipped.
   */
  close(strict: boolean): boolean {
    this.#printSlow();
    if (this.#skips.length > 0)
      this.#print(`\nSkipped:\n${this.#skips.map(({ test, reason }) => `  ${test}\n    ${reason}\n`).join("")}`);
    if (this.#failures.length > 0) this.#print(`\nFailed:\n${this.#failures.map((test) => `  ${test}\n`).join("")}`);
    const required = strict ? this.#skips.filter(({ reason }) => reason.startsWith(REQUIRED)).length : 0;
    if (required > 0)
      this.#print(`\nOn CI every part is required: ${required} skipped for want of one is a failure.\n`);
    const run = this.#passed + this.failed;
    if (run === 0) this.#print("\nNo test was run, which is a failure.\n");
    this.#print(`\n${this.#passed} passed, ${this.failed} failed, ${this.#skips.length} skipped\n`);
    return this.failed === 0 && required === 0 && run > 0;
  }

  #fileDone(file: string, tally: FileTally, ms: number): void {
    const head = tally.failed === 0 ? "ok  " : "FAIL";
    this.#print(`${head}  ${file}: ${tally.passed + tally.failed} tests, ${(ms / 1000).toFixed(1)} s\n`);
    if (tally.failed > 0 && tally.output !== "") this.#print(`It printed:\n${indented(tally.output)}\n`);
    tally.output = "";
  }

  #printSlow(): void {
    if (this.#slow.length === 0) return;
    const slowest = this.#slow.sort((a, b) => b.ms - a.ms).slice(0, SLOW_SHOWN);
    this.#print(`\nSlowest:\n${slowest.map(({ test, ms }) => `  ${(ms / 1000).toFixed(1)} s  ${test}\n`).join("")}`);
  }

  #tally(file: string): FileTally {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const tally = { passed: 0, failed: 0, output: "" };
    this.#files.set(file, tally);
    return tally;
  }

  #name(file: string): string {
    return file.startsWith("/") ? relative(this.#root, file) : file;
  }
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
