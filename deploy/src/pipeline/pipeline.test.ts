import assert from "node:assert/strict";
import { test } from "node:test";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { parse } from "yaml";
import { check } from "#check/check.ts";
import { TODAY } from "#check/testing.ts";
import { exampleText, renderExample } from "../testing/examples.ts";
import { assertKept } from "../testing/kept-file.ts";
import { changedSpec, pipelineSpecs, renderedPipelines, valuesOf } from "../testing/pipelines.ts";
import { ACTIONS } from "./data/actions.ts";
import { TOOL_IMAGES } from "./data/images.ts";
import { renderPipeline } from "./render-pipeline.ts";

const PIPELINES = await renderedPipelines();

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

interface WorkflowJob {
  readonly permissions: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly needs?: readonly string[];
  readonly "timeout-minutes": number;
  readonly concurrency?: { readonly "cancel-in-progress": boolean };
  readonly steps: readonly {
    readonly name: string;
    readonly uses?: string;
    readonly run?: string;
    readonly if?: string;
  }[];
}

function workflows(): readonly (readonly [name: string, workflow: Workflow])[] {
  return [...PIPELINES].flatMap(([name, files]) =>
    files
      .filter(({ path }) => path.startsWith(".github/workflows/"))
      .map(({ path, text }) => [`${name}/${path}`, parse(text) as Workflow] as const),
  );
}

function jobsOf(workflow: string): Workflow["jobs"] {
  const [, found] = workflows().find(([name]) => name === workflow) ?? [];
  return found?.jobs ?? assert.fail(`there is no ${workflow}`);
}

for (const [name, files] of PIPELINES) {
  test(`the pipeline ${name} is rendered as it was read and approved`, async () => {
    const text = files.map((file) => `=== ${file.path}\n${file.text}`).join("");
    await assertKept(`deploy/src/pipeline/golden/${name}.txt`, text);
  });
}

test("our own check finds nothing in any pipeline, beside what its environments render", async () => {
  for (const [name, files] of PIPELINES) {
    const beside =
      name === "agent-generator"
        ? await renderExample({ system: name, environment: "production", target: "kubernetes" })
        : [];
    const { found, files: looked } = check([...files, ...beside], { today: TODAY });
    const own = found.filter(({ finding }) => files.some(({ path }) => path === finding.file));
    assert.deepEqual(
      own.map(({ finding }) => `${finding.file}:${finding.line} ${finding.rule}`),
      [],
      name,
    );
    assert.ok(looked >= files.length, `${name}: ${looked} of ${files.length} files were looked at`);
  }
});

test("every action is pinned by a commit that the data file knows, every image by its digest", () => {
  const known = new Set<string>(Object.values(ACTIONS).map(({ name, commit }) => `${name}@${commit}`));
  const versions = [...PIPELINES.values()].flat().flatMap(({ text }) => [...text.matchAll(/uses: (\S+)(.*)/g)]);
  assert.ok(versions.length > 50);
  for (const [line, uses = "", version = ""] of versions) {
    assert.ok(known.has(uses), line);
    assert.match(version, /^ # v\d+\.\d+\.\d+$/, line);
  }
  for (const image of Object.values(TOOL_IMAGES)) assert.match(image, /:[\w.-]+@sha256:[0-9a-f]{64}$/);
  for (const { commit } of Object.values(ACTIONS)) assert.match(commit, /^[0-9a-f]{40}$/);
});

test("no pipeline keeps a cloud's key: every secret is the run's own token, or Railway's, which has no other way", () => {
  for (const [name, files] of PIPELINES)
    for (const { path, text } of files) {
      const secrets = [...text.matchAll(/\$\{\{\s*secrets\.(\w+)/g)].map(([, secret]) => secret);
      assert.deepEqual(
        [...new Set(secrets)],
        name === "railway" && secrets.length > 0 ? ["RAILWAY_TOKEN"] : [],
        `${name}/${path}`,
      );
      assert.doesNotMatch(text, /credentials_json|aws-secret-access-key|client-secret|service_account_key/);
    }
});

test("jobs get the rights that they need and no more, end in time, and only those that deploy are of an environment", () => {
  const all = workflows();
  assert.ok(all.length >= 14, String(all.length));
  for (const [name, { permissions, jobs }] of all) {
    assert.deepEqual(permissions, {}, name);
    for (const [id, job] of Object.entries(jobs)) {
      const rights = Object.entries(job.permissions);
      const writes = rights.filter(([, right]) => right === "write").map(([right]) => right);
      assert.ok(
        writes.every((right) => right === "id-token" || (id === "build" && right === "packages")),
        `${name} ${id}: ${writes.join()}`,
      );
      assert.ok(job["timeout-minutes"] > 0 && job["timeout-minutes"] <= 60, `${name} ${id}`);
      assert.equal(job.environment !== undefined, /^deploy-|-approval-\d$/.test(id), `${name} ${id}`);
      if (id.startsWith("deploy-")) assert.equal(job.concurrency?.["cancel-in-progress"], false);
    }
  }
  const check = all.filter(([name]) => name.endsWith("slipway-check.yml"));
  for (const [name, { jobs }] of check)
    assert.deepEqual(
      Object.values(jobs).map((job) => job.permissions),
      [{ contents: "read" }],
      name,
    );
});

test("the steps stand in their order: built, listed, scanned, pushed; planned; agreed; migrated, applied, verified, rolled back on failure", () => {
  const jobs = jobsOf("agent-generator/.github/workflows/slipway-deploy-main.yml");
  const names = (id: string): readonly string[] => jobs[id]?.steps.map(({ name }) => name) ?? [];
  const inOrder = (steps: readonly string[], wanted: readonly string[]): void =>
    assert.deepEqual(
      steps.filter((step) => wanted.includes(step)),
      wanted,
    );
  inOrder(names("build"), [
    "Build the image",
    "List what is in it (SBOM)",
    "Look for vulnerabilities that have a fix",
    "Push",
  ]);
  inOrder(names("plan-production"), ["Render and check", "Plan", "Keep what was made"]);
  inOrder(names("deploy-production"), [
    "Count approvals",
    "Take nothing but what was planned",
    "Write down what runs",
    "Migrate",
    "Apply",
    "Verify",
    "Roll back",
  ]);
  assert.deepEqual(jobs["plan-production"]?.needs, ["build"]);
  assert.match(jobs["deploy-production"]?.steps.at(-1)?.if ?? "", /failure\(\) \|\| cancelled\(\)/);
});

test("an environment after another one waits for it and gets the same image; three approvals are three gates", () => {
  const jobs = jobsOf("promoted/.github/workflows/slipway-deploy-main.yml");
  assert.deepEqual(Object.keys(jobs).sort(), [
    "build",
    "deploy-production",
    "deploy-staging",
    "plan-production",
    "plan-staging",
    "production-approval-2",
    "production-approval-3",
  ]);
  assert.deepEqual(jobs["plan-production"]?.needs, ["build", "deploy-staging"]);
  assert.deepEqual(jobs["deploy-production"]?.needs, [
    "build",
    "plan-production",
    "production-approval-2",
    "production-approval-3",
  ]);
});

function refusal(text: string): string {
  try {
    renderPipeline(text, "slipway.yaml");
  } catch (error) {
    assert.ok(error instanceof SlipwayError);
    return `${error.message}\n${error.hint ?? ""}`;
  }
  return "nothing";
}

test("what a pipeline cannot do is refused with the place and the way out", async () => {
  const delivery = (system: string, environment: string, over: unknown): Promise<string> =>
    changedSpec(system, { environments: { [environment]: over } });
  const cases: readonly (readonly [Promise<string>, RegExp])[] = [
    [changedSpec("agent-generator", { pipeline: null }), /does not say whose pipeline it is/],
    [
      delivery("agent-generator", "production", { delivery: { identity: null } }),
      /delivery` needs an `identity` of the environment's cloud, google/,
    ],
    [
      delivery("agent-generator", "production", { delivery: { provider: null } }),
      /needs the `provider` that trusts GitHub's tokens/,
    ],
    [
      delivery("agent-generator", "production", { delivery: { identity: "arn:aws:iam::123456789012:role/x" } }),
      /identity` is of another cloud/,
    ],
    [
      delivery("agent-generator", "production", { delivery: { identity: "AKIA0123456789ABCDEF" } }),
      /must be an identity of a cloud, never a key/,
    ],
    [
      delivery("agent-generator", "production", { delivery: { after: "staging" } }),
      /must be another environment of the branch main/,
    ],
    [delivery("agent-generator", "production", { delivery: { branch: "a b; rm" } }), /must be the name of a branch/],
    [
      delivery("agent-generator", "production", { approvals: { groups: [] } }),
      /must name in `groups` the GitHub teams/,
    ],
    [
      delivery("agent-generator", "production", { approvals: { groups: ["a team; rm"] } }),
      /must name in `groups` the GitHub teams/,
    ],
    [delivery("copilot", "staging", { delivery: { runner: ["ubuntu-24.04"] } }), /must name a runner of your own/],
    [
      delivery("copilot", "enterprise", { delivery: { branch: "main", identity: "arn:aws:iam::123456789012:role/x" } }),
      /may not stand beside `gitops`/,
    ],
    [
      changedSpec("agent-generator", { images: { app: `docker.io/acme/slipway@sha256:${"1".repeat(64)}` } }),
      /sign in to without a password/,
    ],
    [
      changedSpec("agent-generator", { pipeline: { kind: "cloud-build" } }),
      /needs the `repository` that cloud-build knows[^]*needs `cli` by digest/,
    ],
    [changedSpec("copilot", { pipeline: { kind: "cloud-build" } }), /is not in Google's cloud/],
    [
      delivery("copilot", "enterprise", {
        target: "ecs",
        gitops: null,
        cluster: null,
        approvals: { groups: ["platform"] },
        delivery: { branch: "main", identity: "arn:aws:iam::123456789012:role/x", bucket: "one-for-all" },
      }),
      /needs a `bucket` for templates in each region: name-\{region\}/,
    ],
  ];
  for (const [text, expected] of cases) assert.match(refusal(await text), expected);
  assert.equal(refusal(await exampleText("agent-generator")), "nothing");
});

test("Cloud Build asks for one approval, and two are refused", async () => {
  const [, text = ""] = (await pipelineSpecs()).find(([name]) => name === "cloud-build") ?? [];
  assert.equal(refusal(text), "nothing");
  assert.match(refusal(text.replace("required: 1", "required: 2")), /is more than cloud-build can ask for/);
  const files = PIPELINES.get("cloud-build") ?? [];
  const trigger = parse(
    files.find(({ path }) => path.endsWith("triggers/production-apply.yaml"))?.text ?? "",
  ) as Readonly<Record<string, unknown>>;
  assert.deepEqual(trigger["approvalConfig"], { approvalRequired: true });
});

test("the order of keys in a spec changes no byte of its pipeline", async () => {
  for (const [name, text] of await pipelineSpecs()) {
    const { environments, ...rest } = parse(text) as { environments: Readonly<Record<string, unknown>> };
    const turned = { environments: Object.fromEntries(Object.entries(environments).reverse()), ...rest };
    assert.deepEqual(renderPipeline(JSON.stringify(turned), "slipway.yaml"), PIPELINES.get(name), name);
  }
});

test("no value of a workflow is read from what a stranger can write", () => {
  for (const [name, workflow] of workflows())
    for (const [path, value] of valuesOf(workflow))
      if (typeof value === "string" && path.at(-1) === "run")
        assert.doesNotMatch(value, /\$\{\{/, `${name} ${path.join(".")}`);
});

test("branches whose workflows would be one file are refused", async () => {
  const text = await changedSpec("agent-generator", {
    environments: {
      staging: { delivery: { branch: "release/1.0" } },
      production: { delivery: { branch: "release-1-0" } },
    },
  });
  assert.throws(() => renderPipeline(text, "slipway.yaml"), {
    code: "config_invalid",
    message: /would be called \.github\/workflows\/slipway-deploy-release-1-0\.yml/,
  });
});
