import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isMap } from "#spec/merge.ts";
import type { ObservedResource } from "../targets/target.ts";
import { differences } from "./compare.ts";
import { desiredOf } from "./desired.ts";
import { planText } from "./files.ts";
import { hashOf } from "./hash.ts";
import { bindingOf, type Plan } from "./plan.ts";
import { staleReasons } from "./stale.ts";
import { mapScalars, planFor, type Scene, scene, withFields, worldOf } from "./testing/world.ts";
import { planForPeople } from "./text.ts";

const ROUTER = "apps/v1/Deployment/atp-production/atp-router";
const SCALER = "autoscaling/v2/HorizontalPodAutoscaler/atp-production/atp-router";

const atp = await scene();
const world = worldOf(atp);

const whole = (plan: Plan): string => planForPeople(plan) + planText(plan);
const changed = (plan: Plan): readonly string[] => plan.changes.map(({ action, id }) => `${action} ${id}`);

/** What an API server makes of an object: quantities rewritten, empty lists left out, defaults and others' fields put in. */
function asServed(value: unknown, path = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => asServed(item, path));
    return path.endsWith(".containers") ? [{ name: "mesh-sidecar", image: "mesh/proxy:1" }, ...items] : items;
  }
  if (!isMap(value)) return /\.(requests|limits)\.cpu$/.test(path) ? String(value).replace(/^(\d+)000m$/, "$1") : value;
  const entries = Object.entries(value)
    .filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
    .map(([name, inner]) => [name, asServed(inner, `${path}.${name}`)] as const);
  return { ...Object.fromEntries(entries), aDefault: "of the server" };
}

test("a world as it is rendered needs nothing, with all that a platform adds of its own", () => {
  const served = world.map((one) => ({ ...one, fields: asServed(one.fields) as ObservedResource["fields"] }));
  const withReplicas = withFields(served, ROUTER, (fields) => ({
    ...fields,
    spec: { ...(fields["spec"] as object), replicas: 17 },
  }));
  const plan = planFor(atp, withReplicas);
  assert.deepEqual(changed(plan), []);
  assert.equal(plan.unchanged, world.length);
  assert.deepEqual(plan.cost.change, { low: 0, expected: 0, high: 0 });
  assert.match(planForPeople(plan), /nothing to change, 38 resources are as rendered/);
});

test("an autoscaler's measures in another order are no change, and another measure is one", () => {
  const metricsOf = (fields: ObservedResource["fields"]) => (fields["spec"] as { metrics: readonly object[] }).metrics;
  const change = (metrics: (list: readonly object[]) => readonly unknown[]) =>
    withFields(world, SCALER, (fields) => ({
      ...fields,
      spec: { ...(fields["spec"] as object), metrics: metrics(metricsOf(fields)) },
    }));
  assert.deepEqual(
    changed(
      planFor(
        atp,
        change((list) => list.toReversed()),
      ),
    ),
    [],
  );
  assert.deepEqual(
    changed(
      planFor(
        atp,
        change((list) => list.slice(1)),
      ),
    ),
    [`update ${SCALER}`],
  );
});

test("every scalar that is rendered is owned: a world that differs in one is a plan of one change that names it", () => {
  const values: { readonly id: string; readonly path: string }[] = [];
  for (const { id, fields } of world)
    mapScalars(fields, (value, path) => {
      // What names a resource or an item is no field that can differ.
      if (
        !/\.(apiVersion|kind|name|namespace|mountPath|containerPort|port|protocol|topologyKey|whenUnsatisfiable)$/.test(
          path,
        )
      )
        values.push({ id, path });
      return value;
    });
  assert.ok(values.length > 300);
  fc.assert(
    fc.property(fc.constantFrom(...values), ({ id, path }) => {
      const other = withFields(world, id, (fields) =>
        mapScalars(fields, (value, at) => (at === path ? `${String(value)}x` : value)),
      );
      const plan = planFor(atp, other);
      assert.deepEqual(changed(plan), [`update ${id}`]);
      assert.equal(plan.changes[0]?.fields.length, 1);
    }),
    { numRuns: 60 },
  );
});

test("what is not there is created, what is rendered no more is destroyed, and what holds data says so", () => {
  const extra: readonly ObservedResource[] = [
    { id: "v1/PersistentVolumeClaim/atp-production/old", version: "7", fields: {} },
    { id: "apps/v1/Deployment/atp-production/atp-gone", version: "8", fields: {} },
  ];
  const plan = planFor(atp, [...world.filter(({ id }) => id !== ROUTER), ...extra]);
  assert.deepEqual(changed(plan), [
    `create ${ROUTER}`,
    "delete apps/v1/Deployment/atp-production/atp-gone",
    "delete v1/PersistentVolumeClaim/atp-production/old",
  ]);
  const text = planForPeople(plan);
  assert.match(text, /\+ apps\/v1\/Deployment\/atp-production\/atp-router {2}\(is rendered and not there\)/);
  assert.match(text, /- v1\/PersistentVolumeClaim\/atp-production\/old .*DESTROYS DATA/);
  assert.doesNotMatch(text, /atp-gone.*DESTROYS/);
});

test("a Job that the cluster took away when it had ended is no change, unless something else is", () => {
  const isJob = ({ id }: ObservedResource): boolean => id.startsWith("batch/v1/Job/");
  const job = world.find(isJob) ?? assert.fail("it migrates");
  const after = world.filter((one) => !isJob(one));
  assert.deepEqual(changed(planFor(atp, after)), []);
  assert.equal(planFor(atp, after).unchanged, world.length);
  const earlier = { ...job, id: `${job.id}-earlier` };
  assert.deepEqual(changed(planFor(atp, [...after, earlier])), []);
  // A release changes both.
  const other = withFields(after, ROUTER, (fields) => ({ ...fields, spec: { progressDeadlineSeconds: 1 } }));
  assert.deepEqual(changed(planFor(atp, other)), [`create ${job.id}`, `update ${ROUTER}`]);
  assert.ok(changed(planFor(atp, [])).includes(`create ${job.id}`));
});

test("a changed spec changes what it is about, with values before and after", async () => {
  const next = await scene("atp", "production", (text) =>
    text.replace("cpu: 2\n", "cpu: 3\n").replace("scale: { min: 1, max: 1000 }", "scale: { min: 2, max: 1000 }"),
  );
  const plan = planFor(next, world);
  const text = planForPeople(plan);
  assert.match(text, /^ {4}spec\.template\.spec\.containers\[router\]\.resources\.requests\.cpu: 2000m → 3000m$/m);
  assert.match(
    text,
    /^~ autoscaling\/v2\/HorizontalPodAutoscaler\/atp-production\/atp-router .*\n {4}spec\.minReplicas: 1 → 2$/m,
  );
  assert.ok(plan.cost.change !== null && plan.cost.change.expected > 0);
  assert.match(text, /cost a month at 100,000 requests a day, services only: \$[\d,.]+ → \$[\d,.]+, change \+\$/);
});

test("the cost of a first deployment is that of all services, and a world of other sizes costs what those cost", () => {
  const first = planFor(atp, []);
  assert.deepEqual(first.cost.before, { low: 0, expected: 0, high: 0, unknown: [] });
  assert.deepEqual(first.cost.change?.expected, first.cost.after?.expected);
  const larger = planFor(
    atp,
    withFields(world, SCALER, (fields) => ({ ...fields, spec: { ...(fields["spec"] as object), minReplicas: 20 } })),
  );
  assert.ok((larger.cost.change?.expected ?? 0) < 0, "fewer instances than there are cost less");
});

test("fields that the platform has down as Slipway's and that are rendered no more are taken away", () => {
  const owned = ["spec.template.spec.containers[router].env[OLD].value", "spec.template.spec.containers[router].image"];
  const plan = planFor(
    atp,
    world.map((one) => (one.id === ROUTER ? { ...one, owned } : one)),
  );
  assert.deepEqual(plan.changes[0]?.fields, [
    { path: "spec.template.spec.containers[router].env[OLD].value", before: "", after: "" },
  ]);
  assert.match(planForPeople(plan), /env\[OLD\]\.value: taken away/);
});

// What begins with `hunter2-` and has no dot or colon before its first slash is no image, which would be shown where one belongs.
test("no secret that somebody put anywhere into the world is in a plan, its text or its file", () => {
  fc.assert(
    fc.property(
      fc
        .string({ minLength: 8, maxLength: 40 })
        .filter((text) => /[a-z]{3}/i.test(text) && !/[\\"\n]|^[^/]*[.:].*\//.test(text)),
      (noise) => {
        const secret = `hunter2-${noise}`;
        const planted = world.map(({ id, version }) => ({
          id,
          version: `${version} ${secret}`,
          fields: {
            ...(mapScalars(world.find((one) => one.id === id)?.fields, () => secret) as object),
            [secret]: secret,
            data: { extra: secret },
          },
        }));
        const plan = planFor(atp, planted);
        assert.ok(plan.changes.length > 30);
        assert.ok(!whole(plan).includes(secret));
      },
    ),
    { numRuns: 20 },
  );
});

test("the differences themselves hold the planted secret: it is the redaction that keeps it out", () => {
  const desired = desiredOf(atp.target, atp.files).find(({ id }) => id === ROUTER) ?? assert.fail();
  const planted = {
    id: ROUTER,
    version: "1",
    fields: mapScalars(desired.fields, () => "hunter2") as ObservedResource["fields"],
  };
  assert.ok(JSON.stringify(differences(desired, planted, atp.target.comparison)).includes("hunter2"));
});

test("the same spec and world give the same bytes, in whatever order the world is told", () => {
  const reversed = world.toReversed().map((one) => ({
    ...one,
    fields: Object.fromEntries(Object.entries(one.fields).toReversed()),
  }));
  assert.equal(planText(planFor(atp, reversed)), planText(planFor(atp, world)));
});

function nowOf({ text, spec, target, files }: Scene, observed: readonly ObservedResource[]) {
  return bindingOf({ text, spec, desired: desiredOf(target, files), observed });
}

test("a plan holds while nothing changes, and is stale with the reason when one byte or version does", async () => {
  const plan = JSON.parse(planText(planFor(atp, world))) as Plan;
  assert.deepEqual(staleReasons(plan, nowOf(atp, world)), []);
  const comment = await scene("atp", "production", (text) => `${text}#`);
  assert.deepEqual(staleReasons(plan, nowOf(comment, world)), ["slipway.yaml was changed."]);
  const digest = await scene("atp", "production", (text) => text.replace("@sha256:a172", "@sha256:b172"));
  assert.match(
    staleReasons(plan, nowOf(digest, world)).join("\n"),
    /The image app is sha256:b172\w+, planned was sha256:a172/,
  );
  const [first, ...rest] = world;
  assert.ok(first !== undefined);
  const moved = [{ ...first, version: "1001x" }, ...rest];
  assert.deepEqual(staleReasons(plan, nowOf(atp, moved)), [`${first.id} is at version 1001x, planned at 1000.`]);
  assert.deepEqual(staleReasons(plan, nowOf(atp, rest)), [`${first.id} is not there any more.`]);
  assert.deepEqual(staleReasons(plan, nowOf(atp, [...world, { id: "v1/New/a", version: "1", fields: {} }])), [
    "v1/New/a was not there.",
  ]);
});

test("a plan whose digest came by the command line is stale with another one, though the file is the same", async () => {
  const bare = {
    ...atp,
    spec: { ...atp.spec, images: { ...atp.spec.images, app: `a.example/b@sha256:${"1".repeat(64)}` } },
  };
  const other = {
    ...atp,
    spec: { ...atp.spec, images: { ...atp.spec.images, app: `a.example/b@sha256:${"2".repeat(64)}` } },
  };
  const plan = planFor(bare, world);
  assert.deepEqual(staleReasons(plan, nowOf(bare, world)), []);
  assert.equal(staleReasons(plan, nowOf(other, world)).length, 1);
});

test("a plan file that was changed in one character does not hold", () => {
  const plan = planFor(atp, world.slice(3));
  const text = planText(plan);
  const edited = JSON.parse(text.replace("atp-production/", "atp-productiom/")) as Plan;
  assert.ok(
    staleReasons(edited, nowOf(atp, world.slice(3))).includes("The plan file was changed after it was written."),
  );
  const { hash, ...body } = plan;
  assert.equal(hash, hashOf(body));
});

test("the default finds a template's resources, a Compose file's parts and other files; tags count", () => {
  const template =
    "Resources:\n  Fn: { Type: AWS::Serverless::Function, Properties: { MemorySize: 512, Role: !GetAtt Role.Arn } }\n  T: { Type: AWS::DynamoDB::Table }\n";
  const files = [
    { path: "template.yaml", text: template },
    { path: "compose.yaml", text: "services: { web: { image: a } }\nvolumes: { data: }\n" },
    { path: "haproxy.cfg", text: "global\n" },
    { path: "railway.json", text: '{"deploy": {"numReplicas": 2}}' },
    { path: "README.md", text: "# no resource" },
  ];
  const desired = desiredOf({}, files);
  assert.deepEqual(
    desired.map(({ id }) => id),
    [
      "AWS::DynamoDB::Table/T",
      "AWS::Serverless::Function/Fn",
      "file/haproxy.cfg",
      "file/railway.json",
      "service/web",
      "volume/data",
    ],
  );
  const [, fn] = desired;
  const [, other] = desiredOf({}, [{ path: "template.yaml", text: template.replace("!GetAtt", "!Ref") }]);
  assert.ok(fn !== undefined && other !== undefined);
  const found = differences(fn, { ...other, version: "1" });
  assert.deepEqual(
    found.map(({ path }) => path),
    ['Properties.Role."Fn::GetAtt"'],
  );
});

test("a resource that several files declare, as each region's does, is named with its file; one file declares none twice", () => {
  const service = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: web, namespace: '1' }\n";
  const regions = ["a", "b"].map((region) => ({ path: `${region}/web.yaml`, text: service }));
  assert.deepEqual(
    desiredOf({}, regions).map(({ id }) => id),
    ["a/web.yaml: serving.knative.dev/v1/Service/1/web", "b/web.yaml: serving.knative.dev/v1/Service/1/web"],
  );
  assert.throws(() => desiredOf({}, [{ path: "web.yaml", text: `${service}---\n${service}` }]), { code: "internal" });
});

test("a world of Compose is compared as one of Kubernetes is, without a word of either", async () => {
  const compose = await scene("atp", "development");
  const there = worldOf(compose);
  assert.deepEqual(planFor(compose, there).changes, []);
  const other = withFields(there, "service/redis", (fields) => ({ ...fields, image: "redis:7" }));
  const plan = planFor(compose, other);
  assert.deepEqual(changed(plan), ["update service/redis"]);
  assert.equal(plan.cost.change, null, "what one's own machine costs is not known");
});
