import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** What a Chromium says of itself, for example "Chromium 141.0.7390.54". */
export async function chromiumVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 30_000 });
  return stdout.trim();
}
