import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import type { RenderedFile } from "../deploy/src/render/file.ts";
import { renderExample, textOf } from "../deploy/src/testing/examples.ts";
import { renderedPipelines } from "../deploy/src/testing/pipelines.ts";
import { freePort } from "../tools/testing/services/free-port.ts";
import { folderWith, needsJq, run, runScript, standIns } from "./support/pipelines.ts";
import { requireDocker } from "./support/require.ts";

// Steps of rendered pipelines, run: with Docker's engine and its registry, with bash and jq, and with stand-ins for the
// vendors' clients where there is no vendor here.

const PIPELINES = await renderedPipelines();

interface Steps {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly name: string; readonly run?: string }[] }>
  >;
}

/** The script of a step of a workflow. */
function scriptOf(pipeline: string, workflow: string, job: string, step: string): string {
  const files: readonly RenderedFile[] = PIPELINES.get(pipeline) ?? [];
  const { jobs } = parse(textOf(files, `.github/workflows/${workflow}.yml`)) as Steps;
  const found = jobs[job]?.steps.find(({ name }) => name === step)?.run;
  assert.ok(found !== undefined, `${pipeline} ${workflow} ${job} has no ${step}`);
  return found;
}

/** A registry of Docker's own on a free port; undefined, and the test skipped, where there is none. */
async function startRegistry(t: TestContext): Promise<string | undefined> {
  const program = process.env["DOCKER_REGISTRY_PATH"];
  if (!program) {
    t.skip("requires docker-registry: ./slipway test sets it up, or set DOCKER_REGISTRY_PATH");
    return undefined;
  }
  const port = await freePort();
  const folder = await folderWith(t, {});
  const config = {
    version: "0.1",
    storage: { filesystem: { rootdirectory: folder } },
    http: { addr: `127.0.0.1:${port}` },
  };
  await writeFile(join(folder, "config.yml"), JSON.stringify(config));
  const child = spawn(program, ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.ok) return `127.0.0.1:${port}`;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail("the registry did not start");
}

test("the digest that the push step tells is the registry's own, and an image that was not pushed has none", async (t) => {
  if (requireDocker(t) === undefined) return;
  const registry = await startRegistry(t);
  if (registry === undefined) return;
  const cwd = await folderWith(t, { "file.txt": `one of a kind: ${process.pid} ${Date.now()}\n`, output: "" });
  const env = { IMAGE: `${registry}/agents/slipway`, COMMIT: "abc123", GITHUB_OUTPUT: join(cwd, "output") };
  const made = await runScript('tar -c file.txt | docker import - "$IMAGE:$COMMIT"', cwd, env);
  assert.equal(made.code, 0, made.err);
  t.after(() => run("docker", ["rmi", "--force", `${env.IMAGE}:${env.COMMIT}`], { cwd: "/" }));
  const push = scriptOf("agent-generator", "slipway-deploy-main", "build", "Push");
  const pushed = await runScript(push, cwd, env);
  assert.equal(pushed.code, 0, pushed.err);
  const digest = /^digest=(sha256:[0-9a-f]{64})$/m.exec(await readFile(env.GITHUB_OUTPUT, "utf8"))?.[1];
  const answer = await fetch(`http://${registry}/v2/agents/slipway/manifests/${env.COMMIT}`, {
    headers: {
      accept: "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json",
    },
  });
  assert.equal(digest, answer.headers.get("docker-content-digest"));
  assert.equal((await fetch(`http://${registry}/v2/agents/slipway/manifests/${digest}`)).status, 200);
  // The same image under a name that it was not pushed by: no digest of another name is taken for it.
  await runScript('docker tag "$IMAGE:$COMMIT" "$IMAGE-other:$COMMIT"', cwd, env);
  t.after(() => run("docker", ["rmi", "--force", `${env.IMAGE}-other:${env.COMMIT}`], { cwd: "/" }));
  const control = await runScript(push.replace(/^docker push.*\n/, ""), cwd, { ...env, IMAGE: `${env.IMAGE}-other` });
  assert.equal(control.code, 1);
  assert.match(control.err, /told no digest/);
});

type Review = readonly [state: string, login: string, environment: string];

test("a deployment goes on when as many people as required agreed, other than who pushed, each counted once", async (t) => {
  if (!needsJq(t)) return;
  const one = scriptOf("agent-generator", "slipway-deploy-main", "deploy-production", "Count approvals");
  const three = scriptOf("promoted", "slipway-deploy-main", "deploy-production", "Count approvals");
  const cases: readonly (readonly [script: string, reviews: readonly Review[], code: number])[] = [
    [one, [], 1],
    [one, [["approved", "ada", "production"]], 0],
    [one, [["approved", "pusher", "production"]], 1],
    [one, [["rejected", "ada", "production"]], 1],
    [one, [["approved", "ada", "staging"]], 1],
    [
      three,
      [
        ["approved", "ada", "production"],
        ["approved", "bob", "production-approval-2"],
        ["approved", "cyd", "production-approval-3"],
      ],
      0,
    ],
    [
      three,
      [
        ["approved", "ada", "production"],
        ["approved", "ada", "production-approval-2"],
        ["approved", "cyd", "production-approval-3"],
      ],
      1,
    ],
    [
      three,
      [
        ["approved", "ada", "production"],
        ["approved", "bob", "production-approval-2"],
        ["approved", "pusher", "production-approval-3"],
      ],
      1,
    ],
  ];
  const PATH = await standIns(t, { gh: 'printf "%s" "$REVIEWS"' });
  const outcome = async (script: string, reviews: readonly Review[]): Promise<number> => {
    const REVIEWS = JSON.stringify(
      reviews.map(([state, login, name]) => ({ state, user: { login }, environments: [{ name }] })),
    );
    const env = { PATH, REVIEWS, GITHUB_ACTOR: "pusher", GITHUB_REPOSITORY: "acme/generator", GITHUB_RUN_ID: "7" };
    return (await runScript(script, "/", env)).code;
  };
  for (const [script, reviews, code] of cases)
    assert.equal(await outcome(script, reviews), code, JSON.stringify(reviews));
  // The control: without the line that leaves out who pushed, their own approval counts.
  const broken = one.replace(" | select(. != $actor)", "");
  assert.notEqual(broken, one);
  assert.equal(await outcome(broken, [["approved", "pusher", "production"]]), 0);
});

test("files that are not those that were planned are not applied", async (t) => {
  const sum = scriptOf("agent-generator", "slipway-deploy-main", "plan-production", "Sum up what was rendered");
  const take = scriptOf(
    "agent-generator",
    "slipway-deploy-main",
    "deploy-production",
    "Take nothing but what was planned",
  );
  const cwd = await folderWith(t, {
    "rendered/plain/all.yaml": "a: 1\n",
    "rendered/.list": "plain/all.yaml\n",
    output: "",
  });
  assert.equal((await runScript(sum, cwd, { GITHUB_OUTPUT: join(cwd, "output") })).code, 0);
  const PLANNED = /^sum=([0-9a-f]{64})$/m.exec(await readFile(join(cwd, "output"), "utf8"))?.[1] ?? "";
  assert.equal((await runScript(take, cwd, { PLANNED })).code, 0);
  await writeFile(join(cwd, "rendered/plain/all.yaml"), "a: 2\n");
  assert.equal((await runScript(take, cwd, { PLANNED })).code, 1);
  await writeFile(join(cwd, "rendered/plain/all.yaml"), "a: 1\n");
  await writeFile(join(cwd, "rendered/one-more.yaml"), "");
  assert.equal((await runScript(take, cwd, { PLANNED })).code, 1);
});

test("a plan with changes, without, and one that failed lead to a deployment, to none, and to a red run", async (t) => {
  const plan = scriptOf("agent-generator", "slipway-deploy-main", "plan-production", "Plan");
  for (const [status, code, changes] of [
    [0, 0, "false"],
    [3, 0, "true"],
    [1, 1, undefined],
    [2, 2, undefined],
  ] as const) {
    const cwd = await folderWith(t, { output: "", summary: "", slipway: `#!/bin/sh\necho planned\nexit ${status}\n` });
    await run("chmod", ["+x", "slipway"], { cwd });
    const env = { DIGEST: "sha256:0", GITHUB_OUTPUT: join(cwd, "output"), GITHUB_STEP_SUMMARY: join(cwd, "summary") };
    assert.equal((await runScript(plan, cwd, env)).code, code);
    assert.equal(/^changes=(\w+)$/m.exec(await readFile(join(cwd, "output"), "utf8"))?.[1], changes);
  }
});

// Answers as kubectl does: what runs, whether the migration succeeded, and each change it is asked for, by file.
const KUBECTL = `
printf '%s\\n' "$*" >> "$LOG"
case "$*" in
  *"--ignore-not-found"*) cat "$WORLD" ;;
  *"rollout status"*) [ ! -f "$BAD" ] || [ -f "$ROLLED" ] ;;
  *"get job"*succeeded*) echo 1 ;;
  *"get deployment"*) echo "registry.example/app@$DIGEST" ;;
  *"apply"*state/*) touch "$ROLLED" ;;
esac`;

const WORLD = {
  apiVersion: "v1",
  kind: "List",
  items: [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "generator-staging" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name: "generator-web",
        uid: "1",
        resourceVersion: "9",
        managedFields: [],
        annotations: { "deployment.kubernetes.io/revision": "4", kept: "yes" },
      },
      spec: { replicas: 7, template: { spec: { containers: [{ image: "registry.example/app@sha256:before" }] } } },
      status: { readyReplicas: 7 },
    },
  ],
};

/** Runs the steps of a build of Cloud Build from `record` on, as Cloud Build does: a failed step ends it unless it may fail. */
async function deployBy(t: TestContext, bad: boolean, change: (script: string) => string = (script) => script) {
  const rendered = textOf(
    await renderExample({ system: "agent-generator", environment: "staging", target: "kubernetes" }),
    "plain/all.yaml",
  );
  const cwd = await folderWith(t, {
    "rendered/plain/all.yaml": rendered,
    "digest.txt": "sha256:new",
    "changes.txt": "true",
    "world.json": JSON.stringify(WORLD),
    log: "",
    ...(bad ? { bad: "" } : {}),
  });
  const PATH = await standIns(t, { kubectl: KUBECTL, curl: "exit 0" });
  const env = {
    PATH,
    LOG: join(cwd, "log"),
    WORLD: join(cwd, "world.json"),
    BAD: join(cwd, "bad"),
    ROLLED: join(cwd, "rolled"),
    DIGEST: "sha256:new",
  };
  const build = parse(textOf(PIPELINES.get("cloud-build") ?? [], "cloudbuild/staging.yaml")) as {
    readonly steps: readonly { readonly id: string; readonly script?: string; readonly allowFailure?: boolean }[];
  };
  const wanted = ["record", "migrate", "apply", "verify", "roll-back"];
  for (const { id, script = "", allowFailure = false } of build.steps.filter((step) => wanted.includes(step.id))) {
    const { code, err } = await run("bash", ["-c", change(script)], { cwd, env });
    if (code !== 0 && !allowFailure) return { cwd, failed: id, err, log: await readFile(env.LOG, "utf8") };
  }
  return { cwd, failed: undefined, err: "", log: await readFile(env.LOG, "utf8") };
}

test("a release that does not become ready is rolled back to what was recorded before, and its build is red; a good one is left alone", async (t) => {
  if (!needsJq(t)) return;
  const bad = await deployBy(t, true);
  assert.equal(bad.failed, "roll-back", bad.err);
  assert.match(
    bad.log,
    /apply --server-side --field-manager slipway --force-conflicts --filename state\/europe-west1\.json/,
  );
  const order = [
    "--ignore-not-found",
    "--selector",
    "get job",
    "apply --server-side --field-manager slipway --filename rendered/plain/all.yaml\n",
    "rollout status",
    "--force-conflicts",
  ];
  const places = order.map((part) => bad.log.indexOf(part));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    bad.log,
  );
  assert.ok(!places.includes(-1), bad.log);
  const recorded = JSON.parse(await readFile(join(bad.cwd, "state/europe-west1.json"), "utf8")) as typeof WORLD;
  assert.deepEqual(recorded.items, [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "generator-web", annotations: { kept: "yes" } },
      spec: { template: { spec: { containers: [{ image: "registry.example/app@sha256:before" }] } } },
    },
  ]);
  const good = await deployBy(t, false);
  assert.equal(good.failed, undefined, good.err);
  assert.doesNotMatch(good.log, /--force-conflicts/);
  // The control: a verification that looks at nothing leaves a bad release where it is.
  const blind = await deployBy(t, true, (script) => script.replaceAll(/^ *kubectl .*rollout status.*$/gm, "  true"));
  assert.doesNotMatch(blind.log, /--force-conflicts/);
});

const AWS = `
printf '%s\\n' "$*" >> "$LOG"
case "$*" in
  *Cluster*) echo copilot-enterprise ;;
  *MigrateTask*) echo task:4 ;;
  *WorkloadSecurityGroup*) echo sg-1 ;;
  *run-task*) echo arn:task/1 ;;
  *exitCode*) echo "$EXIT" ;;
esac`;

test("on ECS the stacks before go first, migrations run as a task in the services' subnets, and one that fails ends the deployment", async (t) => {
  const PATH = await standIns(t, { aws: AWS });
  const migrate = scriptOf("ecs", "slipway-deploy-main", "deploy-enterprise", "Migrate");
  const services =
    "Resources:\n  A:\n    AwsvpcConfiguration:\n      Subnets:\n      - subnet-1\n      - subnet-2\n      SecurityGroups:\n      - a\n  B:\n    Subnets:\n    - subnet-public\n";
  const cwd = await folderWith(t, {
    "rendered/eu-central-1/base.yaml": "",
    "rendered/eu-central-1/services.yaml": services,
    "rendered/eu-west-1/base.yaml": "",
    "rendered/eu-west-1/services.yaml": services,
    log: "",
  });
  const env = { PATH, LOG: join(cwd, "log"), EXIT: "0" };
  const good = await runScript(migrate, cwd, env);
  assert.equal(good.code, 0, good.err);
  const log = await readFile(env.LOG, "utf8");
  assert.match(
    log,
    /awsvpcConfiguration=\{subnets=\[subnet-1,subnet-2\],securityGroups=\[sg-1\],assignPublicIp=DISABLED\}/,
  );
  assert.deepEqual(
    [...log.matchAll(/deploy --region (\S+) --stack-name (\S+).* --s3-bucket (\S+)/g)].map(([, ...words]) => words),
    [
      ["eu-central-1", "copilot-enterprise-base", "acme-templates-eu-central-1"],
      ["eu-west-1", "copilot-enterprise-base", "acme-templates-eu-west-1"],
    ],
  );
  assert.equal(log.match(/run-task/g)?.length, 1);
  const bad = await runScript(migrate, cwd, { ...env, EXIT: "1" });
  assert.equal(bad.code, 1);
  assert.match(bad.err, /The migrations ended with 1 in eu-central-1/);
});

test("what runs is written down before anything changes, and a cloud that cannot be asked is not one where nothing runs", async (t) => {
  const AWS_SAYS = 'case "$SAYS" in "") echo "Resources: {}" ;; *) echo "$SAYS" >&2; exit 254 ;; esac';
  const PATH = await standIns(t, { aws: AWS_SAYS, gcloud: GCLOUD });
  const onAmazon = scriptOf("ecs", "slipway-deploy-main", "deploy-enterprise", "Write down what runs");
  const onGoogle = scriptOf("cloud-run", "slipway-deploy-staging", "deploy-staging", "Write down what runs");
  const service = "metadata:\n  name: generator-web\n";
  const recorded = async (script: string, file: string, env: Readonly<Record<string, string>>) => {
    const cwd = await folderWith(t, { "rendered/services/europe-west1/web.yaml": service, log: "", first: "" });
    const { code } = await runScript(script, cwd, { PATH, LOG: join(cwd, "log"), FIRST: join(cwd, "first"), ...env });
    return [code === 0, await readFile(join(cwd, file), "utf8").catch(() => "")];
  };
  const stack = "state/eu-west-1.yaml";
  assert.deepEqual(await recorded(onAmazon, stack, { SAYS: "" }), [true, "Resources: {}\n"]);
  assert.deepEqual(await recorded(onAmazon, stack, { SAYS: "Stack with id x does not exist" }), [true, ""]);
  assert.equal((await recorded(onAmazon, stack, { SAYS: "Rate exceeded" }))[0], false);
  const revision = "state/europe-west1-generator-web";
  assert.deepEqual(await recorded(onGoogle, revision, { UNREACHED: "0", FIRST: "/nowhere" }), [true, "web-good\n"]);
  assert.deepEqual(await recorded(onGoogle, revision, { UNREACHED: "0" }), [true, "\n"]);
  assert.equal((await recorded(onGoogle, revision, { UNREACHED: "1" }))[0], false);
});

const GCLOUD = `
printf '%s\\n' "$*" >> "$LOG"
case "$*" in
  *"services list"*) [ "$UNREACHED" = 1 ] && exit 1; [ -f "$FIRST" ] || echo generator-web ;;
  *status.traffic*) [ -f "$FIRST" ] || printf '0\\tweb-old\\n100\\tweb-good\\n' ;;
  *latestCreated*) echo web-new ;;
  *latestReady*) [ -f "$BAD" ] && echo web-good || echo web-new ;;
esac`;

test("on Cloud Run requests move to a revision that is ready, and go back to the one that had them", async (t) => {
  const PATH = await standIns(t, { gcloud: GCLOUD, curl: "exit 0" });
  const step = (name: string): string => scriptOf("cloud-run", "slipway-deploy-staging", "deploy-staging", name);
  const deploy = async (files: Readonly<Record<string, string>>) => {
    const service = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: generator-web\nspec: {}\n";
    const cwd = await folderWith(t, { "rendered/services/europe-west1/web.yaml": service, log: "", ...files });
    const env = { PATH, LOG: join(cwd, "log"), BAD: join(cwd, "bad"), FIRST: join(cwd, "first") };
    assert.equal((await runScript(step("Write down what runs"), cwd, env)).code, 0);
    const verified = await runScript(step("Verify"), cwd, env);
    const back = verified.code === 0 ? undefined : await runScript(step("Roll back"), cwd, env);
    return { verified: verified.code, back, log: await readFile(env.LOG, "utf8") };
  };
  const good = await deploy({});
  assert.equal(good.verified, 0);
  assert.match(good.log, /update-traffic generator-web --region europe-west1 --to-latest/);
  const bad = await deploy({ bad: "" });
  assert.equal(bad.verified, 1);
  assert.equal(bad.back?.code, 0);
  assert.match(bad.log, /update-traffic generator-web --region europe-west1 --to-revisions web-good=100/);
  assert.doesNotMatch(bad.log, /--to-latest/);
  const first = await deploy({ bad: "", first: "" });
  assert.match(first.back?.out ?? "", /did not run in europe-west1 before/);
});
