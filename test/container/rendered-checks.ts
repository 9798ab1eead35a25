import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Docker } from "./docker-client.ts";
import type { Answer, RenderedStack } from "./rendered-stack.ts";

/** What the engine says of a container, as far as the questions below go. */
export interface Inspected {
  readonly Name: string;
  readonly State: { readonly Running: boolean };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly CapAdd: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
    readonly NanoCpus: number;
    readonly PidsLimit: number | null;
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string }[] | null>> | null;
  };
}

// PostgreSQL's entry script hands its folder over and becomes another user; nothing else starts as root.
const BECOMES_ANOTHER = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"];

/** What is open about a container that should be locked down; empty when nothing is. `uids` are those of its processes. */
export function faultsOf({ Name: name, HostConfig: host }: Inspected, uids: readonly string[]): readonly string[] {
  const added = (host.CapAdd ?? []).map((capability) => capability.replace(/^CAP_/, "")).sort();
  const published = Object.values(host.PortBindings ?? {}).flatMap((bindings) => bindings ?? []);
  const faults: readonly (readonly [boolean, string])[] = [
    [!host.ReadonlyRootfs, "its root can be written"],
    [host.CapDrop?.join() !== "ALL", "it has capabilities"],
    [
      added.length > 0 && !(name.includes("postgres") && added.join() === BECOMES_ANOTHER.join()),
      `it adds ${added.join()}`,
    ],
    [!host.SecurityOpt?.some((option) => option.startsWith("no-new-privileges")), "it may gain privileges"],
    [host.Memory === 0, "its memory is not bounded"],
    [host.NanoCpus === 0, "its CPU is not bounded"],
    [!(host.PidsLimit && host.PidsLimit > 0), "its processes are not bounded"],
    [uids.includes("0"), "it runs as root"],
    [published.length > 0 && !name.includes("haproxy"), "it publishes a port"],
    [published.some(({ HostIp }) => HostIp !== "127.0.0.1"), "it listens for everybody"],
  ];
  return faults.flatMap(([open, what]) => (open ? [`${name}: ${what}`] : []));
}

const LOOKS = 10;
const BETWEEN_LOOKS_MS = 150;

/** The users of a container's processes. The engine asks the machine's own ps, which wants the process's number among the columns. */
async function usersIn(docker: Docker, id: string): Promise<readonly string[]> {
  const table = await docker.run(["top", id, "-e", "-o", "pid,uid"]);
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/)[1] ?? "");
}

/** Containers of a system with the users of their processes. */
export async function inspect(
  docker: Docker,
  stack: RenderedStack,
): Promise<readonly { readonly container: Inspected; readonly uids: readonly string[] }[]> {
  const ids = await stack.containers();
  const found = JSON.parse(await docker.run(["inspect", ...ids])) as readonly Inspected[];
  return await Promise.all(
    found.map(async (container, index) => {
      const id = ids[index] ?? "";
      let uids = container.State.Running ? await usersIn(docker, id) : [];
      // The engine runs PostgreSQL's health check as the image's user, for a moment; what serves is there at every look.
      for (let look = 1; look < LOOKS && uids.includes("0"); look += 1) {
        await sleep(BETWEEN_LOOKS_MS);
        uids = await usersIn(docker, id);
      }
      if (container.State.Running) assert.ok(uids.length > 0, `${container.Name} has processes`);
      return { container, uids };
    }),
  );
}

/** `make-secrets.sh` makes what it can, names what a person must bring, and is content when that is there; it changes nothing then. */
export async function makeSecrets(stack: RenderedStack): Promise<void> {
  const first = await stack.script("make-secrets.sh");
  const missing = [...first.stderr.matchAll(/Write the secret into \S+\/(\w+)/g)].map(([, name = ""]) => name);
  assert.equal(first.code, missing.length > 0 ? 1 : 0, first.stderr);
  for (const name of missing)
    await writeFile(join(stack.folder, "secrets", name), "brought-by-a-person-0123456789abcdef", { mode: 0o444 });
  const second = await stack.script("make-secrets.sh");
  assert.equal(second.code, 0, second.stderr);
  const key = await stack.secret("API_KEY");
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal((await stack.script("make-secrets.sh")).code, 0);
  assert.equal(await stack.secret("API_KEY"), key, "what is there is left alone");
}

const chat = (model: string, content: string): unknown => ({ model, messages: [{ role: "user", content }] });

/** A model answers through the balancer, to those who have the key. */
export async function answers(stack: RenderedStack, service: string): Promise<void> {
  const path = "/v1/chat/completions";
  assert.equal((await stack.ask(service, "/ready")).status, 200);
  const key = await stack.secret("API_KEY");
  const answer = await stack.ask(service, path, key, chat("mock-1", "Is it there?"));
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.text, /Mock answer to: Is it there\?/);
  assert.equal((await stack.ask(service, path, `${key}0`, chat("mock-1", "Is it there?"))).status, 401);
  assert.equal((await stack.ask(service, "/metrics")).status, 404);
}

/** An agent of the system answers with what its tool said. */
export async function agentAnswers(
  stack: RenderedStack,
  { service, agent, question, says }: { service: string; agent: string; question: string; says: RegExp },
): Promise<void> {
  const answer = await stack.ask(
    service,
    "/v1/chat/completions",
    await stack.secret("API_KEY"),
    chat(`agent/${agent}`, question),
  );
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.text, says);
}

/** The releases that answered `count` requests to a service. */
export async function releases(
  stack: RenderedStack,
  service: string,
  count = 20,
): Promise<ReadonlySet<string | undefined>> {
  const found: Answer[] = [];
  for (let asked = 0; asked < count; asked += 1) found.push(await stack.ask(service, "/ready"));
  for (const { status, text } of found) assert.equal(status, 200, text);
  return new Set(found.map(({ release }) => release));
}

/** Changes a file of the rendering, and starts the balancer again, which reads it. */
export async function breakBalancer(stack: RenderedStack, from: string | RegExp, to: string): Promise<void> {
  const file = join(stack.folder, "haproxy.cfg");
  const text = await readFile(file, "utf8");
  const broken = text.replace(from, to);
  assert.notEqual(broken, text, "the change changes nothing");
  await writeFile(file, broken);
  const { code, stderr } = await stack.compose(["restart", "--timeout", "1", "haproxy"]);
  assert.equal(code, 0, stderr);
}

/** What the health check that is rendered for the balancer says at this moment. */
export async function balancerIsHealthy(docker: Docker, stack: RenderedStack): Promise<boolean> {
  const [id = ""] = await stack.containers("haproxy");
  const [, ...check] = JSON.parse(
    await docker.run(["inspect", "--format", "{{json .Config.Healthcheck.Test}}", id]),
  ) as string[];
  return (await docker.attempt(["exec", id, ...check])).code === 0;
}
