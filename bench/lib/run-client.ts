import { spawn } from "node:child_process";
import { pinned } from "./cores.ts";
import type { Shot } from "./load.ts";

const FIGURES = /^figures (\{.*\})$/m;

/** What a client that asks one way reads from its environment. */
export function shotEnvironment(shot: Shot): NodeJS.ProcessEnv {
  return { BENCH_BODY: shot.body, BENCH_URL: shot.url, BENCH_HEADERS: JSON.stringify(shot.headers) };
}

/**
 * Runs one of the clients of this folder on `cores`, told by its environment what to ask; what it printed as its figures. Rejects when
 * it failed or has not ended `timeoutMs` after its start.
 */
export function runClient<Figures>(
  script: string,
  args: readonly string[],
  told: NodeJS.ProcessEnv,
  options: { readonly cores: string | undefined; readonly timeoutMs: number },
): Promise<Figures> {
  const [command, all] = pinned(options.cores, process.execPath, [script, ...args]);
  const env = { ...process.env, ...told };
  return new Promise((resolve, reject) => {
    const child = spawn(command, all, { env, stdio: ["ignore", "pipe", "inherit"], timeout: options.timeoutMs });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.on("error", reject);
    child.on("close", (code) => {
      const figures = FIGURES.exec(output)?.[1];
      if (code !== 0 || figures === undefined)
        reject(new Error(`${script} ended with ${code ?? "a signal"}: ${output}`));
      else resolve(JSON.parse(figures) as Figures);
    });
  });
}
