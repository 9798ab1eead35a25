import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { eject } from "../deploy/src/render/eject.ts";
import type { RenderedFile } from "../deploy/src/render/file.ts";
import { loadTarget } from "../deploy/src/targets/registry.ts";
import { EXAMPLES, exampleText, textOf, variantsOnAws } from "../deploy/src/testing/examples.ts";
import { commandsOf, folderOf, run } from "./support/manifests/shell.ts";

// The runbooks' commands as a shell runs them, with stand-ins that write down what they are asked; then: is what they name there?

interface Ejected {
  readonly title: string;
  readonly target: string;
  readonly files: readonly RenderedFile[];
}

async function ejected(title: string, text: string, environment: string): Promise<Ejected> {
  const { target, files } = await eject({ text, file: "slipway.yaml", environment }, loadTarget);
  return { title: `${title} ${environment}`, target: target.name, files };
}

const copilot = await exampleText("copilot");
// Whose hosts are led by hand.
const byHand = copilot.replaceAll(/ {6}hostedZone: .*\n/g, "");
const unled = [["by hand", byHand, "prod"] as const, ...variantsOnAws(byHand).slice(0, 1)];

const all = await Promise.all([
  ...EXAMPLES.map(async ({ system, environment }) => await ejected(system, await exampleText(system), environment)),
  ...[...variantsOnAws(copilot), ...unled].map(async (variant) => await ejected(...variant)),
]);
const onAws = all.filter(({ target }) => target === "ecs" || target === "lambda");

const blocksOf = (files: readonly RenderedFile[]): readonly string[] =>
  [...textOf(files, "RUNBOOK.md").matchAll(/```sh\n([^]*?)```/g)].map(([, text]) => text ?? "");

/** What is not the vendor's program, or a person's work, does nothing. */
const ELSE = ["curl", "psql", "git", "jq", "npm", "node"].map((name) => `${name}() { :; }`).join("\n");

/** The commands that the runbook gives a vendor's program, and what the files are after it. */
async function asked(t: TestContext, program: "aws" | "railway", files: readonly RenderedFile[]) {
  const script = blocksOf(files)
    .join("")
    .replaceAll("./setup.sh", "test -f setup.sh")
    .replaceAll("sha256:NEW", `sha256:${"0123456789".repeat(6)}abcd`);
  const after = '\nfor file in $(find . -name "*.yaml" -o -name Dockerfile); do echo "=== $file"; cat "$file"; done';
  const { ran, commands } = await commandsOf(t, program, `set -e\n${ELSE}\n${script}${after}`, files, true);
  assert.equal(ran.code, 0, ran.said);
  return { commands, out: ran.out };
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Values }>>;
  readonly Outputs?: Values;
}
type Values = Readonly<Record<string, unknown>>;

const flag = (words: readonly string[], name: string): string | undefined => {
  const at = words.indexOf(`--${name}`);
  return at < 0 ? undefined : words[at + 1];
};

type Templates = ReadonlyMap<string, Template>;

/** The templates by their paths. */
const templatesOf = (files: readonly RenderedFile[]): Templates =>
  new Map(
    files.flatMap(({ path, text }) => (path.endsWith(".yaml") ? [[path, parse(text) as Template] as const] : [])),
  );

/** What a command on AWS names and no file has: stacks, templates, resources, outputs, names of what is made. */
function strangers(words: readonly string[], templates: Templates): readonly string[] {
  const region = flag(words, "region");
  const stack = flag(words, "stack-name");
  const path = `${region}/${/-(data|base|services)$/.exec(stack ?? "")?.[1]}.yaml`;
  const template = templates.get(path);
  const exports = JSON.stringify(template?.Outputs ?? {});
  const here = [...templates].filter(([each]) => each.startsWith(`${region}/`));
  const resources = here.flatMap(([, { Resources }]) => Object.values(Resources));
  const has = (property: string, value: string) => resources.some(({ Properties }) => Properties[property] === value);
  const missing = (what: string | undefined, isThere: (value: string) => boolean) =>
    what === undefined || what === "" || /^[A-Z]+$/.test(what) || isThere(what) ? [] : [what];
  const output = /OutputKey=='(\w+)'/.exec(flag(words, "query") ?? "")?.[1];
  const logs = words[0] === "logs" ? words[2] : undefined;
  const subnets = (flag(words, "network-configuration") ?? "").match(/subnet-\w+/g) ?? [];
  const mentioned = (text: string) => JSON.stringify(resources).includes(text);
  return [
    ...missing(region, () => here.length > 0),
    // The name of the stack is the one that exports and cluster begin with.
    ...missing(
      stack,
      (value) => template !== undefined && (exports === "{}" || exports.includes(`${value.replace(/-\w+$/, "")}-`)),
    ),
    ...missing(flag(words, "template-file"), (value) => value === path),
    ...missing(flag(words, "logical-resource-id"), (value) => idsOf(template).has(value)),
    ...missing(output, (value) => Object.hasOwn(template?.Outputs ?? {}, value)),
    ...missing(flag(words, "cluster"), (value) => has("ClusterName", value)),
    ...missing(flag(words, "function-name"), (value) => has("FunctionName", value)),
    ...["service", "services", "service-name"].flatMap((name) =>
      missing(flag(words, name), (value) => has("ServiceName", value)),
    ),
    ...subnets.flatMap((subnet) => missing(subnet, mentioned)),
    ...missing(logs, (value) => has("LogGroupName", value)),
    ...missing(flag(words, "domain-name"), (value) => has("DomainName", value)),
    ...(words[0] === "secretsmanager" && words[1] !== "get-secret-value"
      ? missing(flag(words, "name") ?? flag(words, "secret-id"), (value) => mentioned(`secret:${value}`))
      : []),
  ];
}

/** The resources of a template, and those that SAM makes of its functions. */
function idsOf(template: Template | undefined): ReadonlySet<string> {
  const resources = Object.entries(template?.Resources ?? {});
  const made = resources.flatMap(([id, { Type, Properties }]) =>
    Type === "AWS::Serverless::Function" && Properties["DeploymentPreference"] !== undefined
      ? ["ServerlessDeploymentApplication", `${id}DeploymentGroup`]
      : [],
  );
  return new Set([...resources.map(([id]) => id), ...made]);
}

test("every stack, template, output, resource, cluster, function and log that a runbook for AWS names is among the files", async (t) => {
  assert.equal(onAws.length, 9);
  for (const { title, files } of onAws) {
    const { commands, out } = await asked(t, "aws", files);
    const templates = templatesOf(files);
    assert.ok(commands.length >= 25, `${title}: ${commands.length}`);
    for (const words of commands) assert.deepEqual(strangers(words, templates), [], `${title}: ${words.join(" ")}`);
    // Every stack is deployed, by its own template.
    const deployed = new Set(
      commands.map((words) => flag(words, "template-file")).filter((path) => path !== undefined),
    );
    const stacks = files.map(({ path }) => path).filter((path) => path.endsWith(".yaml"));
    assert.deepEqual([...deployed].sort(), stacks.toSorted());
    // The new image and release stand wherever the old ones did.
    const old = /slipway(?:-lambda)?@sha256:(\w{12})|master-agent@sha256:(\w{12})/.exec(textOf(files, stacks[0] ?? ""));
    const before = old?.[1] ?? old?.[2] ?? assert.fail(title);
    assert.ok(
      files.some(({ text }) => text.includes(`SLIPWAY_RELEASE`) && text.includes(before)),
      title,
    );
    assert.ok(!out.replace(/=== \S*RUNBOOK[^]*/, "").includes(before), `${title}: ${before} is left`);
    assert.match(out, /SLIPWAY_RELEASE:? *\n? *(?:Value: )?"?012345678901"?/);
  }
});

test("control: a runbook that names what is not there is noticed", async (t) => {
  const [{ files } = assert.fail("none")] = onAws.filter(({ target }) => target === "lambda");
  const { commands } = await asked(t, "aws", files);
  const templates = templatesOf(files);
  const found = (from: string, to: string): number =>
    commands.flatMap((words) =>
      strangers(
        words.map((word) => word.replace(from, to)),
        templates,
      ),
    ).length;
  for (const [from, to] of [
    ["copilot-prod-base", "copilot-prod-bass"],
    ["copilot-prod-services", "other-prod-services"],
    ["eu-central-1/services.yaml", "eu-central-1/service.yaml"],
    ["OutputKey=='MigrateTask'", "OutputKey=='MigrationTask'"],
    ["CopilotFunctionDeploymentGroup", "CopilotDeploymentGroup"],
    ["/slipway/copilot-prod/steps", "/slipway/copilot-prod/migrate"],
    ["copilot-prod-copilot", "copilot-prod-web"],
    ["copilot/database", "copilot/db"],
    ["subnet-0a1b2c3d4e5f60712", "subnet-0a1b2c3d4e5f60713"],
    ["eu-central-1", "eu-west-1"],
  ] as const)
    assert.ok(found(from, to) > 0, `${to} went unnoticed`);
  const without = new Map([...templates].filter(([path]) => !path.endsWith("base.yaml")));
  assert.ok(commands.some((words) => strangers(words, without).length > 0));
});

test("the runbook for Railway brings up folders that are there, and writes the new image into them", async (t) => {
  const railway = all.filter(({ target }) => target === "railway");
  assert.ok(railway.length > 0);
  for (const { files } of railway) {
    const { commands, out } = await asked(t, "railway", files);
    const folders = new Set(files.flatMap(({ path }) => (path.includes("/") ? [path.split("/")[0]] : [])));
    const made = new Set([
      ...folders,
      ...[...textOf(files, "setup.sh").matchAll(/^made (\w+) --database/gm)].map(([, name]) => name),
    ]);
    const unknown = (words: readonly string[]) => [
      ...(words[0] === "up" && !folders.has(words[1]) ? [words[1]] : []),
      ...(made.has(flag(words, "service") ?? [...folders][0]) ? [] : [flag(words, "service")]),
    ];
    assert.deepEqual(commands.flatMap(unknown), []);
    assert.deepEqual([...new Set(commands.flatMap(([verb, folder]) => (verb === "up" ? [folder] : [])))], [...folders]);
    assert.match(out, /^FROM ghcr\.io\/acme\/copilot@sha256:0123456789\w{54}$/m);
    assert.match(out, /^ENV SLIPWAY_RELEASE=012345678901$/m);
    // Control.
    assert.deepEqual(unknown(["up", "web", "--service", "web"]), ["web", "web"]);
  }
});

test("ShellCheck finds no fault in any runbook's commands, and one in a broken one", async (t) => {
  const shellcheck = process.env["SHELLCHECK_PATH"];
  if (!shellcheck) return t.skip("requires ShellCheck: ./slipway test sets it up, or set SHELLCHECK_PATH");
  const blocks = [...new Set(all.flatMap(({ files }) => blocksOf(files)))].map((text, index) => ({
    path: `${index}.sh`,
    // What a page shows of one shell is several blocks: variables of an earlier one stand in a later one.
    text: `#!/bin/sh\n# shellcheck disable=SC2034,SC2154\n${text}`,
  }));
  const folder = await folderOf(t, [
    ...blocks,
    { path: "broken.sh", text: '#!/bin/sh\naws sts "get-caller-identity\n' },
  ]);
  const right = await run(shellcheck, ["--severity=warning", ...blocks.map(({ path }) => path)], folder);
  assert.equal(right.code, 0, right.said);
  assert.notEqual((await run(shellcheck, ["broken.sh"], folder)).code, 0);
});

/** What of the CLI only its second version has. */
const SECOND = /^(logs tail|configure export-credentials)/;

test("Amazon's own CLI takes every kind of command of the runbooks, and refuses a misspelt one", async (t) => {
  const version = await run("aws", ["--version"], ".");
  const [, major] = /aws-cli\/(\d+)\./.exec(version.said) ?? [];
  if (major === undefined)
    return t.skip("there is no aws on this machine (`pip install awscli` brings the first version)");
  const kinds = new Map<string, readonly string[]>();
  const folder = await folderOf(
    t,
    onAws.flatMap(({ files }) => files),
  );
  for (const { files: own } of onAws)
    for (const words of (await asked(t, "aws", own)).commands) {
      const kind = words.filter((word, index) => index < 2 || word.startsWith("--")).join(" ");
      if (major !== "1" || !SECOND.test(kind)) kinds.set(kind, words);
    }
  assert.ok(kinds.size >= 20, String(kinds.size));
  // A command that the parser takes gets as far as the network, where nobody listens.
  const environment = {
    AWS_ENDPOINT_URL: "http://127.0.0.1:9",
    AWS_MAX_ATTEMPTS: "1",
    AWS_ACCESS_KEY_ID: "none",
    AWS_SECRET_ACCESS_KEY: "none",
    AWS_PAGER: "",
    AWS_DEFAULT_REGION: "eu-central-1",
  };
  const ask = async (words: readonly string[]): Promise<string> => {
    // What the stand-in left empty; and there is no pipe here to read from.
    const filled = words.map((word, index) =>
      word === "" && words[index - 1]?.startsWith("--")
        ? "something"
        : word.replace("securityGroups=[]", "securityGroups=[sg-1]").replace("/dev/stdin", "RUNBOOK.md"),
    );
    const { said } = await run("aws", filled, folder, environment);
    return /Could not connect to the endpoint/.test(said) ? "" : said;
  };
  for (const words of kinds.values()) assert.equal(await ask(words), "", words.join(" "));
  const [first = []] = kinds.values();
  assert.notEqual(await ask([...first, "--regoin", "x"]), "");
});
