import type { Round } from "./measure.ts";
import { mean, median, rounded } from "./stats.ts";
import { table } from "./table.ts";

/** One candidate's medians. */
export type Row = {
  name: string;
  rps: number;
  cpuMicrosPerRequest: number;
  /**
   * Of the round in which it was least. What else runs on the machine, or beside it on the same processor, only ever adds to what a
   * request costs: this is nearest to what the code itself does (https://docs.python.org/3/library/timeit.html, "Timer.repeat").
   */
  leastCpuMicros: number;
  p50Ms: number;
  p99Ms: number;
  /** Resident memory after the load, in megabytes of 2^20 bytes. */
  rssMb: number;
};

/** What `--json` prints. */
export type Report = { machine: string; load: string; rows: Row[]; notes: string[] };

/** What the kernel and a quiet system use by themselves stays below this. */
const DISTURBING_CORES = 0.1;

/** The medians of a candidate's rounds. */
export function rowOf(name: string, rounds: readonly Round[]): Row {
  const of = (key: keyof Round["row"]) => median(rounds.map((round) => round.row[key]));
  return {
    name,
    rps: Math.round(of("rps")),
    cpuMicrosPerRequest: rounded(of("cpuMicrosPerRequest"), 1),
    leastCpuMicros: rounded(Math.min(...rounds.map(({ row }) => row.cpuMicrosPerRequest)), 1),
    p50Ms: rounded(of("p50Ms"), 2),
    p99Ms: rounded(of("p99Ms"), 2),
    rssMb: rounded(of("rssMb"), 1),
  };
}

/** What processes beside the candidates used, one sentence each. */
export function helperNotes(rounds: ReadonlyMap<string, readonly Round[]>): string[] {
  return [...rounds].flatMap(([name, list]) => {
    const helpers = new Set(list.flatMap((round) => [...round.helperMicros.keys()]));
    return [...helpers].map((helper) => {
      const micros = median(list.map((round) => round.helperMicros.get(helper) ?? 0));
      return `${name}: ${helper} used ${micros.toFixed(1)} µs more a request, in processes of its own.`;
    });
  });
}

/** Says when others worked on the machine during the windows: their work makes every figure worse, and not all alike. */
export function disturbanceNotes(rounds: ReadonlyMap<string, readonly Round[]>): string[] {
  const shares = [...rounds.values()].flatMap((list) => list.map((round) => round.foreignCores));
  const share = shares.length === 0 ? 0 : median(shares);
  if (share < DISTURBING_CORES) return [];
  return [
    `Other processes used ${Math.round(share * 100)} % of a core during the windows: run it again on a quiet machine.`,
  ];
}

/** What a request costs one candidate as a share of another, round by round: a slow minute of the machine is a slow one for both. */
export function ratioNotes(rounds: ReadonlyMap<string, readonly Round[]>, of: string, to: string): string[] {
  const found = (start: string) => [...rounds].find(([name]) => name.startsWith(start));
  const [one, other] = [found(of), found(to)];
  if (one === undefined || other === undefined || one[1].length < 2) return [];
  const logs = one[1].map(({ row }, at) =>
    Math.log(row.cpuMicrosPerRequest / (other[1][at]?.row.cpuMicrosPerRequest ?? Number.NaN)),
  );
  const { mean: log, error } = mean(logs);
  const share = Math.exp(log);
  const figures = `${share.toFixed(4)} ± ${(share * error).toFixed(4)}, median ${Math.exp(median(logs)).toFixed(4)}`;
  return [`Round by round ${one[0]} costs ${figures} of what ${other[0]} does (geometric mean and standard error).`];
}

function ratio(rows: readonly Row[], row: Row, other: string): string {
  const base = rows.find((candidate) => candidate.name.startsWith(other));
  return base === undefined ? "–" : (row.cpuMicrosPerRequest / base.cpuMicrosPerRequest).toFixed(3);
}

/** The report as text, with each candidate's CPU as a share of Slipway's and of Portkey's. */
export function reportText(report: Report): string {
  const head = ["", "req/s", "CPU µs/req", "least", "p50 ms", "p99 ms", "RSS MB", "CPU / slipway", "CPU / portkey"];
  const lines = report.rows.map((row) => [
    row.name,
    String(row.rps),
    row.cpuMicrosPerRequest.toFixed(1),
    row.leastCpuMicros.toFixed(1),
    row.p50Ms.toFixed(2),
    row.p99Ms.toFixed(2),
    row.rssMb.toFixed(0),
    ratio(report.rows, row, "slipway"),
    ratio(report.rows, row, "portkey"),
  ]);
  return [report.machine, report.load, "", table([head, ...lines]), "", ...report.notes, ""].join("\n");
}
