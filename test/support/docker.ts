import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The version of the Docker engine at an address. */
export async function dockerVersion(host: string): Promise<string> {
  const args = ["--host", host, "version", "--format", "{{.Server.Version}}"];
  const { stdout } = await promisify(execFile)("docker", args, { timeout: 30_000 });
  return stdout.trim();
}
