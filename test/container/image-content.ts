import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Docker } from "./docker-client.ts";

const ROOT = join(import.meta.dirname, "../..");

type Manifest = { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };

async function manifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(ROOT, folder, "package.json"), "utf8")) as Manifest;
}

/** Packages that only development, the console's build or the deploy command need: none may be in the image. */
export async function packagesNotForTheServer(): Promise<string[]> {
  const [root, server, contracts, console_, deploy] = await Promise.all(
    [".", "server", "contracts", "console", "deploy"].map(manifest),
  );
  const wanted = new Set([...Object.keys(server?.dependencies ?? {}), ...Object.keys(contracts?.dependencies ?? {})]);
  const others = [
    root?.devDependencies,
    server?.devDependencies,
    console_?.dependencies,
    console_?.devDependencies,
    deploy?.dependencies,
  ];
  const names = others.flatMap((group) => Object.keys(group ?? {}));
  return [...new Set(names)].filter((name) => !wanted.has(name));
}

/** Which of `names` are folders under a `node_modules`, given a listing of paths. */
export function packagesAmong(paths: readonly string[], names: readonly string[]): string[] {
  return names.filter((name) =>
    paths.some((path) => path.endsWith(`/node_modules/${name}`) || path.includes(`/node_modules/${name}/`)),
  );
}

/** Every path of the image's file system as a container sees it, from `/`. */
export async function pathsIn(docker: Docker, image: string): Promise<string[]> {
  const command = ["run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "find", image, "/", "-xdev"];
  return (await docker.run(command)).split("\n");
}

/**
 * Where `words` are written in the image: in its configuration and history, or in a file. Answers one line a find.
 * The words reach the container on standard input, so that the search does not write them anywhere itself.
 */
export async function findWords(docker: Docker, image: string, words: readonly string[]): Promise<string[]> {
  if (words.length === 0) return [];
  const described = (await docker.run(["inspect", image])) + (await docker.run(["history", "--no-trunc", image]));
  const inConfiguration = words.some((word) => described.includes(word)) ? ["the image's configuration"] : [];
  const grep = ["-rIlFs", "--exclude-dir=proc", "--exclude-dir=sys", "--exclude-dir=dev", "-f", "-", "/"];
  const command = [
    "run",
    "--rm",
    "--interactive",
    "--network",
    "none",
    "--user",
    "0",
    "--entrypoint",
    "grep",
    image,
    ...grep,
  ];
  const { code, stdout, stderr } = await docker.attempt(command, { input: Readable.from([`${words.join("\n")}\n`]) });
  // grep answers 1 when it found nothing; unreadable files are no finding.
  if (code !== 0 && code !== 1 && stdout === "" && stderr !== "") throw new Error(`grep failed: ${stderr}`);
  return [...inConfiguration, ...stdout.split("\n").filter((line) => line !== "")];
}
