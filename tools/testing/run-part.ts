import { spawn } from "node:child_process";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { Keeper } from "./keep.ts";
import type { Outcome } from "./outcome.ts";

/** Test files that are run in the same way. */
export interface Part {
  readonly title: string;
  /** Relative to the checkout. */
  readonly files: readonly string[];
  /** Whether all share one process, or each has its own. */
  readonly isolation: "none" | "process";
  /** How many files at a time. */
  readonly concurrency: number;
  /** Milliseconds that one test may take; a test may ask for less or more itself. */
  readonly timeout: number;
  /** Milliseconds without any news after which the part counts as hanging. */
  readonly patience: number;
}

/**
 * Runs one part and hands on what it tells. What goes wrong outside of a test (a crash, a hang) comes as a failed outcome.
 *
 * @param environment The environment of the tests.
 */
export async function runPart(
  root: string,
  part: Part,
  environment: NodeJS.ProcessEnv,
  keeper: Keeper,
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  const child = spawn(process.execPath, [...runnerArgs(part), ...part.files], {
    cwd: root,
    env: environment,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const forget = keeper.keepProcess(child.pid ?? 0, "SIGTERM");
  let failures = 0;
  let complete = false;
  // Files in processes of their own that told of tests and not yet how many there were: an end cut them off.
  const unfinished = new Set<string>();
  let ended = false;
  let silence: NodeJS.Timeout | undefined;
  function fail(error: string): void {
    failures += 1;
    onOutcome({ kind: "failed", file: part.title, name: "(all files)", error });
  }
  function listen(): void {
    clearTimeout(silence);
    silence = setTimeout(() => {
      fail(`Nothing was heard for ${part.patience / 1000} s: something holds the process. It was ended.`);
      ended = true;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, part.patience);
  }
  listen();
  const told = child.stdio[3];
  if (told instanceof Readable) {
    createInterface(told).on("line", (line) => {
      const outcome = JSON.parse(line) as Outcome;
      listen();
      if (outcome.kind === "failed") failures += 1;
      if (outcome.kind === "end") complete = true;
      else if (outcome.kind === "file" || outcome.kind === "failed") unfinished.delete(outcome.file);
      else if (outcome.kind === "passed" && part.isolation === "process") unfinished.add(outcome.file);
      onOutcome(outcome);
    });
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => onOutcome({ kind: "output", file: part.title, text: chunk.toString() }));
  }
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", resolve);
  });
  clearTimeout(silence);
  forget();
  if (!complete && !ended) fail("The test runner ended before it had told everything.");
  else if (unfinished.size > 0 && !ended)
    fail(`Not all was told of what ran in ${[...unfinished].map((file) => relative(root, file)).join(", ")}.`);
  else if (code !== 0 && failures === 0)
    fail(`The test runner ended with ${code === null ? "a signal" : `code ${code}`}.`);
}

function runnerArgs(part: Part): readonly string[] {
  return [
    "--test",
    `--test-isolation=${part.isolation}`,
    `--test-timeout=${part.timeout}`,
    // A socket or a timer that a test left open must not keep its process. A process that all share must not be forced: it
    // would end before its reporter has heard of the last tests.
    ...(part.isolation === "process"
      ? [
          "--test-force-exit",
          `--test-concurrency=${part.concurrency}`,
          `--import=${pathToFileURL(join(import.meta.dirname, "tell-all.ts")).href}`,
        ]
      : []),
    `--test-reporter=${join(import.meta.dirname, "send-outcomes.ts")}`,
    "--test-reporter-destination=stdout",
  ];
}
