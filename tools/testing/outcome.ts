/** What the process that runs tests tells about them, one message each. */
export type Outcome =
  | { readonly kind: "passed"; readonly file: string; readonly name: string; readonly ms: number }
  | { readonly kind: "skipped"; readonly file: string; readonly name: string; readonly reason: string }
  | { readonly kind: "failed"; readonly file: string; readonly name: string; readonly error: string }
  | { readonly kind: "output"; readonly file: string; readonly text: string }
  /** One file is done, where each has a process of its own. */
  | { readonly kind: "file"; readonly file: string; readonly ms: number }
  /** Everything was told. Without it the process was cut off. */
  | { readonly kind: "end" };

/** The part of the events of `node:test` that is read here. */
export interface RunnerEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly file?: string;
    readonly entryFile?: string;
    readonly message?: string;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly duration_ms?: number;
    readonly details?: {
      readonly duration_ms?: number;
      readonly type?: string;
      readonly error?: unknown;
    };
  };
}

const NO_TEST = "There is no test in this file, or it ended the process before a test ran.";

/**
 * Turns the events of `node:test` into outcomes. Suites count only when they fail or are skipped by themselves, and a test
 * that fails because of a test inside of it does not count twice.
 *
 * @param describe How an error is written.
 */
export function createTranslator(describe: (error: unknown) => string): (event: RunnerEvent) => Outcome | undefined {
  const open = new Map<string, string[]>();
  return ({ type, data }) => {
    const file = data.entryFile ?? data.file ?? "";
    switch (type) {
      case "test:start":
        enter(open, file, data);
        return undefined;
      case "test:pass":
        return passed(file, fullName(open, file, data), data);
      case "test:fail":
        return failed(file, fullName(open, file, data), data, describe);
      case "test:stdout":
      case "test:stderr":
        return { kind: "output", file, text: data.message ?? "" };
      case "test:summary":
        return file === "" ? { kind: "end" } : { kind: "file", file, ms: data.duration_ms ?? 0 };
      default:
        return undefined;
    }
  };
}

type EventData = RunnerEvent["data"];

function enter(open: Map<string, string[]>, file: string, data: EventData): void {
  const names = open.get(file) ?? [];
  names.length = data.nesting ?? 0;
  names.push(data.name ?? "");
  open.set(file, names);
}

/** The names of the tests around this one and its own, as a path. */
function fullName(open: ReadonlyMap<string, readonly string[]>, file: string, data: EventData): string {
  const around = (open.get(file) ?? []).slice(0, data.nesting ?? 0);
  return [...around, data.name ?? ""].join(" › ");
}

/** Node reports a file as a test of its own when it holds none, or cannot be loaded. */
function isFile(file: string, data: EventData): boolean {
  const name = data.name ?? "";
  return data.nesting === 0 && name.includes(".test.ts") && file.endsWith(name.replace(/^.*\//, ""));
}

function passed(file: string, name: string, data: EventData): Outcome | undefined {
  if (data.skip !== undefined && data.skip !== false) {
    return {
      kind: "skipped",
      file,
      name,
      reason: typeof data.skip === "string" && data.skip !== "" ? data.skip : "no reason is given",
    };
  }
  if (data.todo !== undefined && data.todo !== false) {
    return { kind: "failed", file, name, error: "This test is marked as still to be done." };
  }
  if (isFile(file, data)) return { kind: "failed", file, name: "(the file)", error: NO_TEST };
  return data.details?.type === "suite"
    ? undefined
    : { kind: "passed", file, name, ms: data.details?.duration_ms ?? 0 };
}

function failed(
  file: string,
  name: string,
  data: EventData,
  describe: (error: unknown) => string,
): Outcome | undefined {
  const error = data.details?.error;
  const failureType: unknown =
    typeof error === "object" && error !== null ? Reflect.get(error, "failureType") : undefined;
  if (failureType === "subtestsFailed") return undefined;
  return { kind: "failed", file, name: isFile(file, data) ? "(the file)" : name, error: describe(error) };
}
