import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * When a process started, in a form that only serves to be compared; undefined when there is no such process. A number that was
 * given to a new process is told from the old one by it.
 */
export async function processStart(pid: number): Promise<string | undefined> {
  if (process.platform === "linux") {
    try {
      // Field 22 of proc_pid_stat(5), counted after the name, which may hold spaces and brackets.
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // A zombie has ended: it holds no file any more.
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  try {
    const { stdout } = await run("ps", ["-o", "lstart=", "-p", String(pid)]);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Where process numbers have the meaning that they have here: a boot of a machine, and in it a process namespace. */
export async function processScope(): Promise<string> {
  if (process.platform !== "linux") return hostname();
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => hostname());
  const namespace = await readlink("/proc/self/ns/pid").catch(() => "");
  return `${boot.trim()} ${namespace}`;
}
