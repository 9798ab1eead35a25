import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { buildConsole } from "../deploy/src/local/console-build.ts";
import { GUARDS } from "./guards/all.ts";
import { runGuards } from "./guards/run-guards.ts";
import { type Keeper, startKeeper } from "./testing/keep.ts";
import { Report } from "./testing/report.ts";
import { type Part, runPart } from "./testing/run-part.ts";
import { SERVICES } from "./testing/services/all.ts";
import { findTestFiles, planTests, requirementsOf, type TestPlan } from "./testing/test-files.ts";

// `node tools/test.ts [--only GLOB] [--list]`: the guards, what the tests need, every test, and the count.

const FAILED = 1;
const USAGE = 2;
const root = dirname(import.meta.dirname);
const cores = availableParallelism();

/** Whether somebody wants the run to end: what then fails is no news. */
let interrupted = false;

function print(text: string): void {
  process.stdout.write(text);
}

function say(line: string): void {
  print(`      ${line}\n`);
}

function partsOf(plan: TestPlan): readonly Part[] {
  const minute = 60_000;
  const parts: readonly Part[] = [
    {
      title: "pure units",
      files: plan.shared,
      isolation: "none",
      concurrency: 1,
      timeout: minute,
      patience: 3 * minute,
    },
    {
      title: "units",
      files: plan.units,
      isolation: "process",
      concurrency: cores,
      timeout: 2 * minute,
      patience: 5 * minute,
    },
    {
      title: "whole system",
      files: plan.systems,
      isolation: "process",
      // Each starts servers, browsers or containers with hundreds of megabytes.
      concurrency: Math.min(cores, 4),
      timeout: 10 * minute,
      patience: 12 * minute,
    },
    {
      title: "whole system, one by one",
      files: plan.alone,
      isolation: "process",
      concurrency: 1,
      timeout: 10 * minute,
      patience: 12 * minute,
    },
  ];
  return parts.filter(({ files }) => files.length > 0);
}

async function guard(report: Report): Promise<void> {
  print("Guards\n");
  const reports = await runGuards(root, GUARDS, Math.min(cores, 4), ({ ok, name, seconds, summary }) => {
    print(`${ok ? "ok  " : "FAIL"}  ${name}: ${summary}, ${seconds.toFixed(1)} s\n`);
  });
  for (const { ok, name, output } of reports) {
    report.count(`guard ${name} (./slipway check)`, ok);
    if (!ok) print(`\n── ${name} ──\n${output}\n`);
  }
}

/** Sets up what these tests need, and answers the environment to run them in. */
async function setUp(files: readonly string[], keeper: Keeper): Promise<NodeJS.ProcessEnv> {
  print("\nWhat the tests need\n");
  const needed = await requirementsOf(root, files);
  const environment: NodeJS.ProcessEnv = { ...process.env };
  // These would make a test believe that it is run by another one, or change what it prints.
  delete environment["NODE_TEST_CONTEXT"];
  delete environment["FORCE_COLOR"];
  const wanted = SERVICES.filter(({ requirement }) => needed.has(requirement));
  await Promise.all(
    wanted.map(async (service) => {
      const start = performance.now();
      const result = await service.setUp({ root, keeper, say });
      if (result.ok) {
        Object.assign(environment, result.environment);
        print(`ok    ${service.title} ${result.what}, ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
      } else {
        print(`MISSING  ${service.title}: ${result.why}\n         ${result.remedy}\n`);
      }
    }),
  );
  return environment;
}

/** Builds the console, which the server's tests serve. Without it their failures tell more than an end right here. */
async function buildOnce(report: Report): Promise<void> {
  const start = performance.now();
  try {
    const built = await buildConsole(() => say("building the console…"));
    print(`ok    console ${built ? `built, ${((performance.now() - start) / 1000).toFixed(1)} s` : "is built"}\n`);
  } catch (error) {
    report.count("the console's build", false);
    print(`FAIL  console: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

async function runParts(
  parts: readonly Part[],
  environment: NodeJS.ProcessEnv,
  keeper: Keeper,
  report: Report,
): Promise<void> {
  for (const part of parts) {
    if (interrupted) return;
    print(`\nTests: ${part.title}\n`);
    const start = performance.now();
    const before = { passed: report.passed, failed: report.failed };
    await runPart(root, part, environment, keeper, (outcome) => {
      if (!interrupted) report.add(outcome);
    });
    const ms = performance.now() - start;
    if (part.isolation === "none" && report.failed === before.failed)
      report.partDone(part.title, part.files.length, before.passed, ms);
  }
}

function list(plan: TestPlan): void {
  for (const part of partsOf(plan)) print(`${part.title}:\n${part.files.map((path) => `  ${path}\n`).join("")}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: "string" }, list: { type: "boolean", default: false } } });
  const files = await findTestFiles(root, values.only);
  const plan = await planTests(root, files);
  if (files.length === 0) {
    process.stderr.write(
      `No test file matches ${values.only ?? "*.test.ts"}. ./slipway test --list prints them all.\n`,
    );
    return USAGE;
  }
  if (values.list) {
    list(plan);
    return 0;
  }
  const report = new Report(root, print);
  const keeper = startKeeper();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => {
      interrupted = true;
      print("\nEnding what was started…\n");
      void keeper.close().then(() => process.exit(code));
    });
  }
  try {
    if (values.only === undefined) await guard(report);
    const environment = await setUp(files, keeper);
    await buildOnce(report);
    await runParts(partsOf(plan), environment, keeper, report);
  } finally {
    await keeper.close();
  }
  const ci = process.env["CI"] ?? "";
  return report.close(ci !== "" && ci !== "false" && ci !== "0") ? 0 : FAILED;
}

process.exitCode = await main();
