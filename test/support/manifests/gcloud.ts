import { execFile, spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { promisify } from "node:util";
import { findProgram } from "../../../tools/testing/command.ts";

/** What gcloud's own client has a message for, and we render; and the words of a command. */
export type GcloudKind = "service" | "job" | "iam" | "alert" | "dashboard" | "backend" | "url-map" | "waf" | "command";

/** A gcloud of this machine. */
export interface Gcloud {
  readonly path: string;
  readonly version: string;
  /** What its client says of each object, empty where it takes it; in the order of the objects. */
  faults(objects: readonly { readonly kind: GcloudKind; readonly object: unknown }[]): Promise<readonly string[]>;
}

const MESSAGES = join(import.meta.dirname, "gcloud-messages.py");

/** The gcloud of this machine; undefined where there is none. */
export async function findGcloud(): Promise<Gcloud | undefined> {
  const path = findProgram("gcloud");
  if (path === undefined) return undefined;
  const { stdout: said } = await promisify(execFile)(path, ["info", "--format=json"], {
    timeout: 60_000,
    maxBuffer: 2 ** 24,
  });
  const info = JSON.parse(said) as {
    readonly basic: { readonly python_location: string; readonly version: string };
    readonly installation: { readonly sdk_root: string };
  };
  const { python_location: python, version } = info.basic;
  const library = join(info.installation.sdk_root, "lib");
  return { path, version, faults: async (objects) => await ask(python, library, objects) };
}

async function ask(python: string, library: string, objects: readonly unknown[]): Promise<readonly string[]> {
  // Its settings are nobody's: what this machine's user has set stays out of it.
  const environment = { CLOUDSDK_CORE_PROJECT: "project", CLOUDSDK_CONFIG: join(tmpdir(), "slipway-gcloud-settings") };
  const child = spawn(python, [MESSAGES, library], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
  child.stdin.end(objects.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const answers: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) answers.push(JSON.parse(line) as string);
  clearTimeout(timer);
  if (answers.length !== objects.length)
    throw new Error(`gcloud's client answered ${answers.length} of ${objects.length} questions.`);
  return answers;
}
