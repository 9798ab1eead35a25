import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pinned } from "./cores.ts";

const FIGURES = /^figures (\{.*\})$/m;
/** How long after its own duration a generator may take to end. */
const GRACE_MS = 30_000;

/** A request that is sent over and over. */
export type Shot = { url: string; headers: Record<string, string>; body: string };

/** What a load run saw. `refused` counts answers that were not 2xx or 3xx, `broken` connections and timeouts. */
export type LoadFigures = {
  requests: number;
  micros: number;
  p50Micros: number;
  p99Micros: number;
  refused: number;
  broken: number;
};

export type LoadOptions = { seconds: number; connections: number; cores: string | undefined };

/** The generator in use: `wrk` where it is installed, else this repository's own. */
export function generatorName(): "wrk" | "own generator" {
  // wrk prints its version and ends with 1.
  return spawnSync("wrk", ["--version"], { stdio: "ignore" }).error === undefined ? "wrk" : "own generator";
}

function commandOf(shot: Shot, options: LoadOptions): [string, string[]] {
  if (generatorName() === "own generator") {
    return [
      process.execPath,
      [fileURLToPath(import.meta.resolve("./load-generator.ts")), String(options.seconds), String(options.connections)],
    ];
  }
  const headers = Object.entries(shot.headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]);
  const shape = ["--threads", "1", "--connections", String(options.connections), "--duration", `${options.seconds}s`];
  return [
    "wrk",
    [...shape, "--timeout", "20s", "--script", join(import.meta.dirname, "wrk.lua"), ...headers, shot.url],
  ];
}

/** Keeps `connections` requests in flight for `seconds`. Throws when the generator fails; wrong answers are counted, not thrown. */
export function load(shot: Shot, options: LoadOptions): Promise<LoadFigures> {
  const [command, args] = pinned(options.cores, ...commandOf(shot, options));
  const env = {
    ...process.env,
    BENCH_BODY: shot.body,
    BENCH_URL: shot.url,
    BENCH_HEADERS: JSON.stringify(shot.headers),
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.seconds * 1000 + GRACE_MS,
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => {
      const figures = FIGURES.exec(output)?.[1];
      if (code !== 0 || figures === undefined)
        reject(new Error(`${command} ended with ${code ?? "a signal"}:\n${output}`));
      else resolve(JSON.parse(figures) as LoadFigures);
    });
  });
}
