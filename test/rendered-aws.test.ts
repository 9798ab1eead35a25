import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import type { RenderedFile } from "../deploy/src/render/file.ts";
import { EXAMPLES, exampleText, renderText, variantsOnAws } from "../deploy/src/testing/examples.ts";
import { readConfigFile } from "../server/src/config/config-file.ts";
import { loadConfig } from "../server/src/config/config.ts";
import { type Deployed, judge, requireValidators } from "./support/manifests/judge-templates.ts";
import { brokenResources } from "./support/manifests/template-mutations.ts";

// What others say of the templates for AWS: cfn-lint, the SAM translator, CloudFormation as moto has it, and the server itself.

type Values = Readonly<Record<string, unknown>>;
interface Template {
  readonly Transform?: string;
  readonly Resources: Readonly<Record<string, Values>>;
}

interface Rendered {
  readonly title: string;
  readonly region: string;
  /** In the order in which they are deployed. */
  readonly stacks: readonly (readonly [name: string, text: string])[];
}

/** The examples on AWS, and the ways of one of them that its file does not take. */
async function renderings(): Promise<readonly Rendered[]> {
  const own = EXAMPLES.filter(({ target }) => target === "ecs" || target === "lambda").map(
    async ({ system, environment }) => [`${system} ${environment}`, await exampleText(system), environment] as const,
  );
  const variants = variantsOnAws(await exampleText("copilot"));
  const texts = [...(await Promise.all(own)), ...variants];
  const rendered = await Promise.all(
    texts.map(async ([title, text, environment]) => split(title, await renderText(text, environment))),
  );
  return rendered.flat();
}

function split(title: string, files: readonly RenderedFile[]): readonly Rendered[] {
  const regions = [...new Set(files.map(({ path }) => path.split("/")[0] ?? ""))];
  return regions.map((region) => ({
    title: `${title} ${region}`,
    region,
    stacks: ["data", "base", "services"].flatMap((name) => {
      const file = files.find(({ path }) => path === `${region}/${name}.yaml`);
      return file === undefined ? [] : [[name, file.text] as const];
    }),
  }));
}

const rendered = await renderings();

test("cfn-lint has nothing against any template, nor the SAM translator, and moto's CloudFormation takes them as change sets", async (t) => {
  const python = requireValidators(t);
  if (python === undefined) return;
  for (const region of new Set(rendered.map((one) => one.region))) {
    const here = rendered.filter((one) => one.region === region);
    // The stacks below the services are the same for all variants.
    const texts = [...new Set(here.flatMap(({ stacks }) => stacks.map(([, text]) => text)))];
    const sam = texts.map((text) => parse(text) as Template).filter(({ Transform }) => Transform !== undefined);
    const deployed = here.filter(({ title }) => /^copilot \w+ eu-central-1$/.test(title));
    const answer = await judge(python, { lint: texts, sam, deploy: deployed.map(({ stacks }) => stacks), region });
    for (const [index, findings] of answer.lint.entries()) assert.deepEqual(findings, [], texts[index]);
    for (const said of answer.sam) assert.equal(said, "");
    for (const [index, { title, stacks }] of deployed.entries())
      for (const [at, stack] of stacks.entries()) assertDeployed(title, stack, answer.deploy[index]?.[at]);
  }
});

/** moto makes all of the base; of the others the change set is all that it can say. */
function assertDeployed(title: string, [name, text]: readonly [string, string], deployed: Deployed | undefined): void {
  assert.equal(deployed?.status, name === "base" ? "CREATE_COMPLETE" : "REVIEWED", `${title} ${name}`);
  const adds = new Set(deployed.changes.map(([action, id]) => `${action} ${id}`));
  for (const id of Object.keys((parse(text) as Template).Resources))
    assert.ok(adds.has(`Add ${id}`), `${title} ${name}: the change set does not have ${id}`);
  if (name !== "base") return;
  for (const kind of ["AWS::ECS::TaskDefinition", "AWS::IAM::Role", "AWS::EFS::MountTarget", "AWS::Logs::LogGroup"])
    assert.ok(deployed.made.includes(kind), `${title}: moto made no ${kind}`);
}

/** A template with a copy of each kind of resource broken in each way, and copies that are not broken, to be judged at once. */
function withBroken(template: Template, seen: Set<string>) {
  const broken = new Map<string, string>();
  const whole: string[] = [];
  const resources: Record<string, unknown> = { ...template.Resources };
  for (const [id, resource] of Object.entries(template.Resources)) {
    const kind = String(resource["Type"]);
    if (seen.has(kind) || kind.startsWith("AWS::Serverless::")) continue;
    seen.add(kind);
    whole.push(`${id}Whole`);
    resources[`${id}Whole`] = resource;
    for (const [index, { what, resource: other }] of brokenResources(resource).entries()) {
      broken.set(`${id}Broken${index}`, `${kind}: ${what}`);
      resources[`${id}Broken${index}`] = other;
    }
  }
  return { text: stringify({ ...template, Resources: resources }), broken, whole };
}

/** Each resource of SAM broken in each way, each in a template of its own: the translator stops at the first fault. */
function brokenFunctions({ Transform, Resources }: Template) {
  return Object.entries(Resources)
    .filter(([, resource]) => String(resource["Type"]).startsWith("AWS::Serverless::"))
    .flatMap(([id, resource]) =>
      brokenResources(resource).map(({ what, resource: other }) => ({
        what: `${String(resource["Type"])}: ${what}`,
        template: { AWSTemplateFormatVersion: "2010-09-09", Transform, Resources: { [id]: other } },
        id,
        resource: other,
      })),
    );
}

/** What the translator lets pass, as one template with what it leads to, for cfn-lint; the copies by their ids. */
function allTogether(template: Template, broken: readonly { readonly id: string; readonly resource: Values }[]) {
  const whole = [...new Set(broken.map(({ id }) => id))].map(
    (id) => [`${id}WholeEnd`, template.Resources[id]] as const,
  );
  const copies = broken.map(({ id, resource }, index) => [`${id}Broken${index}End`, resource] as const);
  return {
    ids: copies.map(([id]) => id),
    text: stringify({
      ...template,
      Resources: { ...template.Resources, ...Object.fromEntries([...whole, ...copies]) },
    }),
  };
}

test("the validators notice at least 95 of 100 breakages of templates, and at least five ways for each kind of resource", async (t) => {
  const python = requireValidators(t);
  if (python === undefined) return;
  const noticed = new Map<string, number>();
  const missed: string[] = [];
  let tried = 0;
  const count = (what: string, seen: boolean): void => {
    tried += 1;
    const kind = what.slice(0, what.indexOf(": "));
    if (seen) noticed.set(kind, (noticed.get(kind) ?? 0) + 1);
    else missed.push(what);
  };
  const region = "eu-central-1";
  const judged = rendered.filter(({ title }) => /^(copilot \w+|streaming) eu-central-1$/.test(title));
  const seen = new Set<string>();
  const templates = judged.flatMap(({ stacks }) => stacks.map(([, text]) => parse(text) as Template));
  const batches = templates.map((template) => withBroken(template, seen)).filter(({ broken }) => broken.size > 0);
  const functions = templates
    .filter(({ Transform }) => Transform !== undefined)
    .flatMap((template) => brokenFunctions(template).map((one) => ({ ...one, within: template })));
  const sam = functions.map(({ template }) => template);
  const answer = await judge(python, { lint: batches.map(({ text }) => text), sam, region });
  for (const [index, { broken, whole }] of batches.entries()) {
    // E3019: a copy has the name of what it was copied from.
    const findings = (answer.lint[index] ?? []).filter(([rule]) => rule !== "E3019");
    const faulty = new Map(findings.map((finding) => [String(finding[1][1]), finding]));
    for (const id of whole) assert.equal(faulty.get(id), undefined, "a copy that is not broken was taken for one");
    for (const [id, what] of broken) count(what, faulty.has(id));
  }
  for (const [index, { what }] of functions.entries()) if (answer.sam[index] !== "") count(what, true);
  const passed = functions.filter((_one, index) => answer.sam[index] === "");
  const wholes = [...new Set(passed.map(({ within }) => within))];
  const second = wholes.map((whole) =>
    allTogether(
      whole,
      passed.filter(({ within }) => within === whole),
    ),
  );
  const { lint } = await judge(python, { lint: second.map(({ text }) => text), region });
  for (const [at, whole] of wholes.entries()) {
    const findings = (lint[at] ?? []).filter(([rule]) => rule !== "E3019").map(([, path]) => String(path[1]));
    assert.deepEqual(
      findings.filter((id) => id.includes("WholeEnd")),
      [],
      "a copy that is not broken was taken for one",
    );
    const here = passed.filter(({ within }) => within === whole);
    // What the transform makes of a function is called after it.
    for (const [index, { what }] of here.entries())
      count(
        what,
        findings.some((id) => id.startsWith(second[at]?.ids[index] ?? " ")),
      );
  }
  t.diagnostic(`${tried - missed.length} of ${tried} breakages of ${noticed.size} kinds noticed`);
  assert.ok(missed.length <= tried * 0.05, `${missed.length} of ${tried}:\n${[...new Set(missed)].join("\n")}`);
  for (const [kind, times] of noticed) assert.ok(times >= 5, `only ${times} for ${kind}`);
});

/** What a secret becomes for a server that only reads its settings. */
function secretValue(name: string): string {
  if (name.endsWith("DATABASE_URL")) return "postgresql://slipway_server:secret@db.internal:5432/slipway";
  return name === "REDIS_URL" ? "rediss://:secret@redis.internal:6379" : "ab".repeat(32);
}

interface Container {
  readonly Environment?: readonly { readonly Name: string; readonly Value: string }[];
  readonly Secrets?: readonly { readonly Name: string }[];
}

/** The environments of the tasks and functions of the server in a template, secrets filled in. */
function environmentsOf({ Resources }: Template): readonly Readonly<Record<string, string>>[] {
  return Object.values(Resources).flatMap(({ Type, Properties }) => {
    const properties = Properties as {
      readonly ContainerDefinitions?: readonly Container[];
      readonly Environment?: { readonly Variables: Readonly<Record<string, string>> };
    };
    if (Type === "AWS::Serverless::Function")
      return [
        Object.fromEntries(
          Object.entries(properties.Environment?.Variables ?? {}).map(([name, value]) => [
            name,
            value.startsWith("aws-sm://") ? secretValue(name) : value,
          ]),
        ),
      ];
    return (properties.ContainerDefinitions ?? [])
      .filter(({ Environment = [] }) => Environment.some(({ Name }) => Name === "APP_ENV"))
      .map(({ Environment = [], Secrets = [] }) =>
        Object.fromEntries([
          ...Environment.map(({ Name, Value }) => [Name, Value] as const),
          ...Secrets.map(({ Name }) => [Name, secretValue(Name)] as const),
        ]),
      );
  });
}

test("the server takes the settings and the sections that every task and function of it gets, and refuses them without a secret", async () => {
  for (const { title, stacks } of rendered) {
    const environments = stacks.flatMap(([, text]) => environmentsOf(parse(text) as Template));
    assert.equal(environments.length, 2, title);
    for (const environment of environments) {
      const config = loadConfig(environment, "/");
      assert.equal(config.database.url?.includes("db.internal"), true);
      const { DATABASE_URL: _database, MIGRATION_DATABASE_URL: _migration, ...without } = environment;
      assert.throws(() => loadConfig(without, "/"), /DATABASE_URL/);
      if (environment["SLIPWAY_CONFIG_TEXT"] === undefined) continue;
      assert.ok(await readConfigFile(config.file), title);
      await assert.rejects(readConfigFile({ ...config.file, text: `${config.file.text}\nroutes: 7` }));
    }
  }
});
