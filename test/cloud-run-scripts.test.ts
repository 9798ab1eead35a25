import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { eject } from "../deploy/src/render/eject.ts";
import type { RenderedFile } from "../deploy/src/render/file.ts";
import { loadTarget } from "../deploy/src/targets/registry.ts";
import { EXAMPLES, exampleText, textOf } from "../deploy/src/testing/examples.ts";
import { findGcloud } from "./support/manifests/gcloud.ts";
import { PANELIN } from "./support/manifests/panelin.ts";
import { startRunStandIn, type RunStandIn } from "./support/manifests/run-stand-in.ts";
import { commandsOf, folderOf, type Ran, run } from "./support/manifests/shell.ts";

// The scripts for Cloud Run as a shell runs them, and what the vendor's own program says of what they ask it.

const SCRIPTS = ["bootstrap.sh", "data.sh", "deploy.sh", "edge.sh", "monitoring.sh"];

const ejected = async (text: string, environment: string): Promise<readonly RenderedFile[]> =>
  (await eject({ text, file: "slipway.yaml", environment }, loadTarget)).files;

const panelin = await ejected(PANELIN, "production");
const others = await Promise.all(
  EXAMPLES.filter(({ target }) => target === "cloud-run").map(
    async ({ system, environment }) => await ejected(await exampleText(system), environment),
  ),
);
const examples = [panelin, ...others];
const gcloud = await findGcloud();
const NO_GCLOUD = "there is no gcloud on this machine (Google's own packages have it, Debian's do not)";

const scriptsOf = (files: readonly RenderedFile[]): readonly string[] =>
  SCRIPTS.filter((name) => files.some(({ path }) => path === name));

/** Lines of the runbook's commands, without those that are a script or a person's work. */
function runbookLines(files: readonly RenderedFile[]): readonly string[] {
  const blocks = [...textOf(files, "RUNBOOK.md").matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text ?? "");
  return blocks
    .join("")
    .split("\n")
    .filter((line) => /^gcloud |\$\(gcloud /.test(line));
}

interface Container {
  readonly env?: readonly {
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string } };
  }[];
}

/** `account secret` of everything that a container gets, by the manifests alone. */
function needed(files: readonly RenderedFile[], project: string): readonly string[] {
  const found = new Set<string>();
  for (const { path, text } of files) {
    if (!/^(services|jobs)\/.*\.yaml$/.test(path)) continue;
    const { template } = (parse(text) as { spec: { template: { metadata: { annotations: Record<string, string> } } } })
      .spec;
    const remote = new Map(
      (template.metadata.annotations["run.googleapis.com/secrets"] ?? "").split(",").map((item) => {
        const [alias = "", place = ""] = item.split(":");
        return [alias, place.replace(/^projects\/(.*)\/secrets\//, "$1/")] as const;
      }),
    );
    const pod = (template as unknown as { spec: { template?: { spec: unknown } } }).spec;
    const {
      serviceAccountName,
      containers,
      volumes = [],
    } = (pod.template?.spec ?? pod) as {
      serviceAccountName: string;
      containers: readonly Container[];
      volumes?: readonly { secret?: { secretName: string } }[];
    };
    const add = (name: string): void => {
      found.add(`${serviceAccountName} ${remote.get(name) ?? `${project}/${name}`}`);
    };
    for (const { secret } of volumes) if (secret !== undefined) add(secret.secretName);
    for (const { value, valueFrom } of containers.flatMap(({ env = [] }) => env)) {
      if (valueFrom !== undefined) add(valueFrom.secretKeyRef.name);
      const [, of, name] = /^gcp-sm:\/\/projects\/([^/]+)\/secrets\/([^/]+)\//.exec(value ?? "") ?? [];
      if (name !== undefined) found.add(`${serviceAccountName} ${of}/${name}`);
    }
  }
  return [...found].sort();
}

/** `account secret` of every binding that commands make. */
function granted(commands: readonly (readonly string[])[]): readonly string[] {
  const bindings = commands.filter(([group, verb]) => group === "secrets" && verb === "add-iam-policy-binding");
  const flag = (words: readonly string[], name: string): string =>
    words.find((one) => one.startsWith(`--${name}=`))?.slice(name.length + 3) ?? "";
  return bindings
    .map((words) => {
      assert.equal(flag(words, "role"), "roles/secretmanager.secretAccessor");
      return `${flag(words, "member").replace("serviceAccount:", "")} ${flag(words, "project")}/${words[2] ?? ""}`;
    })
    .sort();
}

test("each account may read exactly the secrets that its container gets, and has no role in the project but to write metrics", async (t) => {
  for (const files of examples) {
    const { ran, commands } = await commandsOf(t, "gcloud", "./bootstrap.sh", files, false);
    assert.equal(ran.code, 0, ran.said);
    const project = /CLOUDSDK_CORE_PROJECT=(\S+)/.exec(textOf(files, "bootstrap.sh"))?.[1] ?? "";
    const wants = needed(files, project);
    assert.ok(wants.length >= 8);
    assert.deepEqual(granted(commands), wants);
    assert.notDeepEqual(granted(commands.filter((words) => !words.includes("database-url"))), wants);
    for (const words of commands.filter(([group, verb]) => group === "projects" && verb === "add-iam-policy-binding"))
      assert.ok(words.includes("--role=roles/monitoring.metricWriter"), words.join(" "));
  }
});

test("a script that runs again makes nothing twice", async (t) => {
  for (const name of scriptsOf(panelin)) {
    const first = await commandsOf(t, "gcloud", `./${name}`, panelin, false);
    const again = await commandsOf(t, "gcloud", `./${name}`, panelin, true);
    const makes = (commands: readonly (readonly string[])[]) =>
      commands.filter(
        (words) => words.includes("create") && !words.includes("policies") && !words.includes("dashboards"),
      );
    assert.equal(again.ran.code, 0, again.ran.said);
    if (name === "bootstrap.sh" || name === "data.sh") assert.ok(makes(first.commands).length >= 3, name);
    assert.deepEqual(
      makes(again.commands).filter(([group]) => group !== "beta"),
      [],
      name,
    );
  }
});

test("a deployment that cannot ask what serves now ends before anything is replaced", async (t) => {
  const release = async (UNREACHED: string) => {
    const { ran, commands } = await commandsOf(t, "gcloud", `UNREACHED=${UNREACHED} ./deploy.sh 0`, panelin, false);
    return { code: ran.code, replaced: commands.some((words) => words.join(" ").startsWith("run services replace")) };
  };
  assert.deepEqual(await release("1"), { code: 1, replaced: false });
  // The control: one that is not there yet is made.
  assert.deepEqual(await release("0"), { code: 0, replaced: true });
});

test("ShellCheck finds nothing in any script, and something in a broken one", async (t) => {
  const shellcheck = process.env["SHELLCHECK_PATH"];
  if (!shellcheck) return t.skip("requires ShellCheck: ./slipway test sets it up, or set SHELLCHECK_PATH");
  for (const files of examples) {
    const folder = await folderOf(t, files);
    const right = await run(shellcheck, scriptsOf(files), folder);
    assert.equal(right.code, 0, right.said);
    await writeFile(join(folder, "deploy.sh"), textOf(files, "deploy.sh").replace('"$file"', "$file"));
    assert.notEqual((await run(shellcheck, ["deploy.sh"], folder)).code, 0);
  }
});

test("gcloud's own parser takes every command of the scripts and of the runbook, and refuses a misspelt one", async (t) => {
  if (gcloud === undefined) return t.skip(NO_GCLOUD);
  const commands: (readonly string[])[] = [];
  // A small system and a large one have every kind of command.
  for (const files of examples.slice(0, 2)) {
    for (const name of scriptsOf(files))
      commands.push(...(await commandsOf(t, "gcloud", `./${name}`, files, false)).commands);
    const lines = runbookLines(files);
    assert.ok(lines.length >= 15, lines.join("\n"));
    const script = lines.filter((line) => !line.includes("./")).join("\n");
    const said = await commandsOf(t, "gcloud", `curl() { :; }; url=x\n${script}`, files, false);
    commands.push(...said.commands);
  }
  // The parser opens the files that commands name.
  const folder = await folderOf(t, examples.slice(0, 2).flat());
  const ask = async (all: readonly (readonly string[])[]): Promise<readonly string[]> => {
    const objects = all.map((words) => ({
      kind: "command" as const,
      object: words.map((each) =>
        each.replace(/^(--[\w-]+=)?((?:services|jobs|iam|edge|config|monitoring)\/)/, `$1${folder}/$2`),
      ),
    }));
    return (await gcloud.faults(objects)).flatMap((fault, index) =>
      fault === "" ? [] : [`${all[index]?.join(" ")}\n${fault}`],
    );
  };
  const different = [
    ...new Map(
      commands.map((words) => [
        words.map((one, at) => (at < 4 || one.startsWith("-") ? one.replace(/=.*/, "=") : "")).join(" "),
        words,
      ]),
    ).values(),
  ];
  assert.ok(different.length > 60, String(different.length));
  assert.deepEqual(await ask(different), []);
  const misspelt = different.slice(0, 10).map((words) => [...words, "--regoin=x"]);
  assert.equal((await ask(misspelt)).length, misspelt.length);
});

/** Where a service's requests go: `revision share`, sorted. */
function trafficOf(api: RunStandIn): readonly string[] {
  const { status } = api.resources.get("us-central1 services panelin-production-agent") ?? {};
  const targets = (status?.traffic ?? []).filter(({ percent = 0 }) => percent > 0);
  return targets.map(({ revisionName, percent }) => `${revisionName} ${percent}`).sort((a, b) => (a < b ? -1 : 1));
}

interface World {
  readonly api: RunStandIn;
  readonly folder: string;
  readonly sh: (line: string) => Promise<Ran>;
  /** Another image and other names of revisions, by the runbook's own lines. */
  readonly change: (digest: string, suffix: string) => Promise<void>;
}

/** The ejected files, with a gcloud that reaches the stand-in and nothing else. */
async function deployable(t: TestContext): Promise<World> {
  const api = await startRunStandIn();
  t.after(() => api.close());
  const folder = await folderOf(t, [...panelin, { path: "token", text: "a token of nobody" }]);
  const environment = {
    ...api.environment,
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder, "token"),
    CLOUDSDK_CONFIG: join(folder, "settings"),
    CLOUDSDK_CORE_PROJECT: "panelin",
  };
  const sh = async (line: string): Promise<Ran> => await run("/bin/sh", ["-c", line], folder, environment);
  const edits = textOf(panelin, "RUNBOOK.md")
    .split("\n")
    .filter((line) => line.startsWith("grep -rl "));
  assert.equal(edits.length, 2);
  const change = async (digest: string, suffix: string): Promise<void> => {
    const ran = await sh(edits.join("\n").replace("NEW", digest).replace("$(date +%s)", suffix));
    assert.equal(ran.code, 0, ran.said);
  };
  return { api, folder, sh, change };
}

test("the real gcloud deploys the ejected files against a stand-in of the API, moves requests to healthy revisions only, and rolls back", async (t) => {
  if (gcloud === undefined) return t.skip(NO_GCLOUD);
  const { api, folder, sh, change } = await deployable(t);
  const first = await sh("./deploy.sh");
  assert.equal(first.code, 0, first.said);
  const service = api.resources.get("us-central1 services panelin-production-agent");
  const one = service?.spec.template.metadata?.name ?? "";
  assert.deepEqual(trafficOf(api), [`${one} 100`]);
  // Migrations ran before anything that needs them was there.
  assert.ok(api.changes.indexOf("RUN panelin-production-migrate") < api.changes.indexOf("POST services"));
  assert.ok(api.resources.has("us-central1 schedules panelin-production-backup"));
  const policy = JSON.stringify(api.policies.get("us-central1 services panelin-production-agent"));
  assert.match(policy, /roles\/run\.invoker/);
  assert.doesNotMatch(policy, /allUsers|allAuthenticatedUsers/);

  // The jobs are as they were: what is left of the script is the release.
  const release = textOf(panelin, "deploy.sh").replace(/# Migrations run[^]*?(?=\n# release REGION)/, "");
  await writeFile(join(folder, "deploy.sh"), release);
  await change("c3".repeat(32), "second");
  const part = await sh("./deploy.sh 5");
  assert.equal(part.code, 0, part.said);
  const two = one.replace(/[^-]*$/, "second");
  assert.deepEqual(
    trafficOf(api),
    [`${one} 95`, `${two} 5`].sort((a, b) => (a < b ? -1 : 1)),
  );

  const back = await sh(
    `gcloud run services update-traffic panelin-production-agent --region=us-central1 --to-revisions=${one}=100`,
  );
  assert.equal(back.code, 0, back.said);
  assert.deepEqual(trafficOf(api), [`${one} 100`]);

  // Control: a release whose startup probe fails gets no request, and the script says so.
  await change("d4".repeat(32), "third");
  api.unhealthy.add(one.replace(/[^-]*$/, "third"));
  const failed = await sh("./deploy.sh");
  assert.notEqual(failed.code, 0);
  assert.match(failed.said, /startup probe failed/);
  assert.deepEqual(trafficOf(api), [`${one} 100`]);
  assert.deepEqual(api.unknown, []);
});
