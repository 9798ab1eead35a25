/** Exit codes that people and scripts match on. */
export const EXIT = { done: 0, failed: 1, usage: 2, pending: 3 } as const;

/** Commands whose arguments belong to the program that they start. */
const PASS_THROUGH = new Set(["bench"]);
const HELP = new Set(["-h", "--help"]);

/**
 * The arguments with `--` behind a command that hands them on, so that `slipway bench router --json` needs none.
 * Asking for help still asks this command.
 */
export function passThrough(args: readonly string[]): readonly string[] {
  const [command, first, ...rest] = args;
  if (command === undefined || first === undefined || !PASS_THROUGH.has(command)) return args;
  return HELP.has(first) || first === "--" ? args : [command, "--", first, ...rest];
}

/**
 * The exit code for the shell. @stricli/core sets negative ones: -5 and -4 when the arguments are wrong, others when it
 * could not run the command (its `ExitCode`, version 1.3).
 */
export function exitStatus(code: number | string | null | undefined): number {
  const number = Number(code ?? EXIT.done);
  if (number === -4 || number === -5) return EXIT.usage;
  return number < 0 || Number.isNaN(number) ? EXIT.failed : number;
}

/** A TCP port from a command line: a whole number from 0 (any free one) to 65535. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new Error(`"${text}" is not a port (0 to 65535, 0 takes any free one)`);
  return port;
}

/** A number of processes from a command line, as the server's WORKERS takes it. */
export function parseWorkers(text: string): string {
  if (text !== "auto" && !/^[1-9]\d*$/.test(text)) throw new Error(`"${text}" is not a number of processes, nor auto`);
  return text;
}

const MOST_REQUESTS = 1e10;

/** A number of requests a day from a command line. */
export function parseRequests(text: string): number {
  const number = Number(text);
  if (!/^\d{1,11}$/.test(text) || number > MOST_REQUESTS)
    throw new Error(`"${text}" is not a number of requests a day (0 to ${MOST_REQUESTS})`);
  return number;
}

/** A version of Kubernetes from a command line, `1.34` or `v1.34.2`. */
export function parseKubernetesVersion(text: string): string {
  if (!/^v?1\.\d{1,3}(\.\d+)?$/.test(text)) throw new Error(`"${text}" is not a version of Kubernetes (1.34)`);
  return text;
}
