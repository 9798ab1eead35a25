import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parse, stringify } from "yaml";
import { check } from "../deploy/src/check/check.ts";
import { render } from "../deploy/src/render/render.ts";
import type { RenderedFile } from "../deploy/src/render/file.ts";
import { loadTarget } from "../deploy/src/targets/registry.ts";
import { EXAMPLES, renderExample, renderText } from "../deploy/src/testing/examples.ts";
import { findGcloud, type Gcloud, type GcloudKind } from "./support/manifests/gcloud.ts";
import { mutationsOf } from "./support/manifests/mutations.ts";
import { PANELIN } from "./support/manifests/panelin.ts";
import { readRunProtos } from "./support/manifests/run-protos.ts";
import { folderOf, run } from "./support/manifests/shell.ts";

// What others say of the files for Cloud Run. docs/reference/validation.md lists who judges what.

type Values = Readonly<Record<string, unknown>>;

const KINDS: readonly (readonly [RegExp, GcloudKind])[] = [
  [/^services\/.*\.yaml$/, "service"],
  [/^jobs\/.*\.yaml$/, "job"],
  [/^iam\/.*\.yaml$/, "iam"],
  [/^monitoring\/policies\/.*\.yaml$/, "alert"],
  [/^monitoring\/dashboard\.json$/, "dashboard"],
  [/^edge\/backend-.*\.yaml$/, "backend"],
  [/^edge\/(url-map|redirect)\.yaml$/, "url-map"],
  [/^edge\/waf\.yaml$/, "waf"],
];

interface Judged {
  readonly kind: GcloudKind;
  readonly path: string;
  readonly object: Values;
}

function judged(files: readonly RenderedFile[]): readonly Judged[] {
  return files.flatMap(({ path, text }) => {
    const kind = KINDS.find(([pattern]) => pattern.test(path))?.[1];
    return kind === undefined ? [] : [{ kind, path, object: parse(text) as Values }];
  });
}

const examples = await Promise.all([
  ...EXAMPLES.filter(({ target }) => target === "cloud-run").map(renderExample),
  renderText(PANELIN, "production"),
]);
const objects = examples.flatMap(judged);
const gcloud = await findGcloud();

function gcloudFor(t: TestContext): Gcloud | undefined {
  if (gcloud === undefined)
    t.skip("there is no gcloud on this machine (Google's own packages have it, Debian's do not)");
  return gcloud;
}

const ownFindings = (files: readonly RenderedFile[]) => check(files, { today: "2026-11-21" }).found;

test("our own check finds nothing in what is rendered for Cloud Run, and something once it is broken", () => {
  for (const files of examples) {
    assert.deepEqual(ownFindings(files), []);
    const broken = files.map(({ path, text }) => ({ path, text: text.replace(/serviceAccountName: .*/, "") }));
    assert.ok(ownFindings(broken).some(({ finding }) => finding.rule === "cloud-run-yaml-default-identity"));
  }
});

test("gcloud's own client has a message for every file, with every field and type of it", async (t) => {
  const judge = gcloudFor(t);
  if (judge === undefined) return;
  assert.deepEqual(
    [...new Set(objects.map(({ kind }) => kind))].sort(),
    [...new Set(KINDS.map(([, kind]) => kind))].sort(),
  );
  const faults = await judge.faults(objects);
  const wrong = objects.flatMap(({ path }, index) => (faults[index] === "" ? [] : [`${path}: ${faults[index]}`]));
  assert.deepEqual(wrong, []);
});

test("the protos of @google-cloud/run take every service and job, as the API's second version has them", async () => {
  const protos = await readRunProtos();
  let broken = 0;
  for (const { kind, path, object } of objects) {
    if (kind !== "service" && kind !== "job") continue;
    assert.deepEqual(protos.faults(kind, object), [], path);
    // Kind and version are Knative's, which the protos do not know.
    const mutations = mutationsOf(object).filter(({ what }) => !/^the kind|^a version/.test(what));
    for (const { what, object: other } of mutations)
      assert.notDeepEqual(protos.faults(kind, other), [], `${path}: ${what}`);
    broken += mutations.length;
  }
  assert.ok(broken >= 40);
});

/** Breakages that only Cloud Run's own meaning of a file shows: what no message's type tells. */
const MEANINGS: readonly (readonly [from: string | RegExp, to: string])[] = [
  ["run.googleapis.com/ingress:", "run.googleapis.com/ingres:"],
  [/(run\.googleapis\.com\/ingress:) .*/, "$1 private"],
  ["execution-environment: gen2", "execution-environment: gen3"],
  ["vpc-access-egress: private-ranges-only", "vpc-access-egress: private"],
  ["autoscaling.knative.dev/maxScale", "autoscaling.knative.dev/maxscale"],
  ["name: HOST", "name: PORT"],
  [/containerConcurrency: \d+/, "containerConcurrency: 5000"],
  [/timeoutSeconds: \d+\n {6}serviceAccountName/, "timeoutSeconds: 7200\n      serviceAccountName"],
  [/cpu: "\d+"/, 'cpu: "3"'],
  ["failureThreshold: 60", "failureThreshold: 600"],
  [/serviceAccountName: .*/, ""],
  [/@sha256:\w+/, ":latest"],
];

test("of 100 breakages of what is rendered at least 95 are noticed by the vendor's client or by our check, of each kind at least five", async (t) => {
  const judge = gcloudFor(t);
  if (judge === undefined) return;
  const broken = objects.flatMap((one) =>
    mutationsOf(one.object).map(({ what, object }) => ({ ...one, what, object: object })),
  );
  const services = examples.flat().filter(({ path }) => path.startsWith("services/"));
  const meant = services.flatMap(({ path, text }) =>
    MEANINGS.map(([from, to]) => {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text, `${path} has nothing like ${String(from)}`);
      return { kind: "service" as const, path, what: to, object: parse(changed) as Values };
    }),
  );
  const all = [...broken, ...meant];
  const faults = await judge.faults(all);
  const noticed = all.filter(
    ({ path, object }, index) => faults[index] !== "" || ownFindings([{ path, text: stringify(object) }]).length > 0,
  );
  const missed = all.filter((one) => !noticed.includes(one));
  t.diagnostic(
    `${noticed.length} of ${all.length} noticed; ${faults.filter((fault) => fault !== "").length} by gcloud`,
  );
  assert.ok(missed.length <= all.length * 0.05, missed.map(({ path, what }) => `${path}: ${what}`).join("\n"));
  for (const [, kind] of KINDS) {
    const count = noticed.filter((one) => one.kind === kind).length;
    assert.ok(count >= 5, `${kind}: ${count}`);
  }
});

test("promtool takes every expression of the alert policies and of the dashboard, and notices broken ones", async (t) => {
  const promtool = process.env["PROMTOOL_PATH"];
  if (!promtool) return t.skip("requires promtool: ./slipway test sets it up, or set PROMTOOL_PATH");
  const queries = objects.flatMap(({ object }) =>
    [...JSON.stringify(object).matchAll(/"(?:query|prometheusQuery)":("(?:[^"\\]|\\.)*")/g)].map(
      ([, text]) => JSON.parse(text ?? "") as string,
    ),
  );
  assert.ok(queries.length > 40, String(queries.length));
  const rules = (expressions: readonly string[]) =>
    stringify({ groups: [{ name: "g", rules: expressions.map((expr, at) => ({ record: `r${at}`, expr })) }] });
  const broken = queries.find((query) => query.includes("sum(rate(") && query.includes("[5m]")) ?? "";
  const folder = await folderOf(t, [
    { path: "right.yaml", text: rules(queries) },
    { path: "broken-1.yaml", text: rules([broken.replace("sum(", "summ(")]) },
    { path: "broken-2.yaml", text: rules([broken.replace("[5m]", "[5 m]")]) },
  ]);
  const judge = async (file: string) => await run(promtool, ["check", "rules", file], folder);
  const right = await judge("right.yaml");
  assert.equal(right.code, 0, right.said);
  for (const file of ["broken-1.yaml", "broken-2.yaml"]) assert.notEqual((await judge(file)).code, 0, file);
});

test("what Cloud Run would refuse is told with its line before anything is rendered", async () => {
  const refused = async (from: string | RegExp, to: string, message: RegExp) => {
    const text = PANELIN.replace(from, to);
    assert.notEqual(text, PANELIN);
    await assert.rejects(
      render({ text, file: "slipway.yaml", environment: "production" }, loadTarget),
      (error: Error) => message.test(error.message),
      to,
    );
  };
  await refused("cpu: 1", "cpu: 500m", /slipway\.yaml:\d+:\d+: .*cpu.* must be 1, 2, 4, 6 or 8 on cloud-run/);
  await refused("memory: 512Mi", "memory: 8Gi", /memory.* must be 512Mi to 4096Mi/);
  await refused("concurrency: 80", "concurrency: 1001", /concurrency.* must be at most 1000/);
  await refused("    project: panelin\n", "", /must name a `project`/);
  await refused("    regions: [us-central1]\n", "", /must name at least one of `regions`/);
  await refused(
    "gcp-sm://projects/panelin/secrets/redis-url/versions/1",
    "aws-sm://eu-central-1/redis",
    /must lie in gcp-sm/,
  );
  await refused(
    "projects/panelin/secrets/backup-database-url",
    "projects/other/secrets/backup-database-url",
    /BACKUP_DATABASE_URL.* must be a whole secret/,
  );
  await refused("app: us-central1-docker.pkg.dev", "app: ghcr.io", /app.* must lie in Artifact Registry or Docker Hub/);
  await refused("invokers: [group:", "invokers: [allUsers, group:", /must be a member/);
  await refused(
    "regions: [us-central1]",
    "regions: [us-central1, europe-west1, europe-west4, us-east1]",
    /maxConnections.* must be at least 250/,
  );
});
