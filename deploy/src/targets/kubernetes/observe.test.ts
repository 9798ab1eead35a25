import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { findProgram } from "../../../../tools/testing/command.ts";
import { planFor, scene, worldOf } from "#plan/testing/world.ts";
import { isMap } from "#spec/merge.ts";
import { kubernetesRecorded } from "./observed.ts";
import { kubernetesTarget } from "./target.ts";

type Values = Readonly<Record<string, unknown>>;

const atp = await scene();
const objects: readonly Values[] = worldOf(atp).map(({ fields, version }) => ({
  ...fields,
  metadata: {
    ...(fields["metadata"] as Values),
    resourceVersion: version,
    managedFields: [
      { manager: "slipway", operation: "Apply", fieldsType: "FieldsV1", fieldsV1: { "f:spec": { "f:gone": {} } } },
    ],
  },
  status: { phase: "Active" },
}));

const plural = (kind: string): string => (kind.endsWith("y") ? `${kind.slice(0, -1)}ies` : `${kind}s`).toLowerCase();

/** Just enough of an API server for kubectl: discovery, and lists by namespace and label. Answers the paths that were asked. */
async function apiServer(
  t: TestContext,
  left: (object: Values) => boolean,
): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const groups = new Map<string, Set<string>>();
  for (const object of objects) {
    const [apiVersion, kind] = [String(object["apiVersion"]), String(object["kind"])];
    groups.set(apiVersion, (groups.get(apiVersion) ?? new Set()).add(kind));
  }
  const answer = ({ url = "" }: IncomingMessage): unknown => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    asked.push(`${pathname}${searchParams.get("labelSelector") ? `?${searchParams.get("labelSelector")}` : ""}`);
    if (pathname === "/api") return { kind: "APIVersions", versions: ["v1"] };
    if (pathname === "/apis")
      return {
        kind: "APIGroupList",
        apiVersion: "v1",
        groups: [...groups.keys()]
          .filter((one) => one !== "v1")
          .map((groupVersion) => {
            const [name, version] = groupVersion.split("/");
            return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
          }),
      };
    const [, root, ...rest] = pathname.split("/");
    const [groupVersion, path] =
      root === "api" ? [rest[0] ?? "", rest.slice(1)] : [rest.slice(0, 2).join("/"), rest.slice(2)];
    const kinds = groups.get(groupVersion);
    if (kinds === undefined) return undefined;
    if (path.length === 0)
      return {
        kind: "APIResourceList",
        groupVersion,
        resources: [...kinds].map((kind) => ({
          name: plural(kind),
          singularName: "",
          namespaced: kind !== "Namespace",
          kind,
          verbs: ["get", "list"],
        })),
      };
    const of = objects.filter((object) => object["apiVersion"] === groupVersion && !left(object));
    if (path[0] === "namespaces" && path.length === 2) return of.find((object) => object["kind"] === "Namespace");
    const items = of.filter((object) => plural(String(object["kind"])) === path[2]);
    return { kind: "List", apiVersion: groupVersion, metadata: { resourceVersion: "1" }, items };
  };
  const server = createServer((request, response) => {
    const body = answer(request);
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(
      JSON.stringify(body ?? { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404 }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function kubeconfig(t: TestContext, server: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-kube-"));
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "a", cluster: { server } }],
    users: [{ name: "a", user: {} }],
    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
    "current-context": "a",
  };
  await writeFile(join(folder, "config"), JSON.stringify(config));
  const before = { KUBECONFIG: process.env["KUBECONFIG"], HOME: process.env["HOME"] };
  // kubectl keeps what it discovered below the home folder.
  Object.assign(process.env, { KUBECONFIG: join(folder, "config"), HOME: folder });
  t.after(async () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await rm(folder, { recursive: true, force: true });
  });
}

function requireKubectl(t: TestContext): boolean {
  if (findProgram("kubectl") !== undefined) return true;
  t.skip("requires kubectl");
  return false;
}

async function observe(): Promise<ReturnType<typeof worldOf>> {
  return (await kubernetesTarget.observe?.(atp.spec, AbortSignal.timeout(60_000))) ?? assert.fail("it cannot observe");
}

test("kubectl brings what a cluster holds of the system, by namespace and label, and the plan is of what differs", async (t) => {
  if (!requireKubectl(t)) return;
  const { url, asked } = await apiServer(t, (object) => object["kind"] === "PodDisruptionBudget");
  await kubeconfig(t, url);
  const observed = await observe();
  assert.ok(
    asked.some(
      (path) =>
        path.startsWith("/apis/apps/v1/namespaces/atp-production/deployments?") &&
        path.includes("app.kubernetes.io/name=atp"),
    ),
  );
  assert.equal(observed.length, objects.length - 2);
  const plan = planFor(
    atp,
    observed.map((one) => ({ ...one, owned: [] })),
  );
  assert.deepEqual(
    plan.changes.map(({ action, id }) => `${action} ${id}`),
    [
      "create policy/v1/PodDisruptionBudget/atp-production/atp-memory",
      "create policy/v1/PodDisruptionBudget/atp-production/atp-router",
    ],
  );
  assert.ok(observed.every(({ fields, owned }) => !("status" in fields) && owned?.join() === "spec.gone"));
});

test("what is left of a public service is seen when no service is public any more, and destroyed", async (t) => {
  if (!requireKubectl(t)) return;
  const { url } = await apiServer(t, () => false);
  await kubeconfig(t, url);
  const inner = await scene("atp", "production", (text) =>
    text.replace("access: { kind: public, hosts: [router.atp.example] }", "access: { kind: internal }"),
  );
  const observed = (await kubernetesTarget.observe?.(inner.spec, AbortSignal.timeout(60_000))) ?? assert.fail();
  const gone = planFor(inner, observed).changes.filter(({ action }) => action === "delete");
  assert.deepEqual(
    gone.map(({ id }) => id.replace(/^.*\/v1\//, "")).filter((id) => /^(Gateway|HTTPRoute)\//.test(id)),
    [
      "Gateway/atp-production/atp-gateway",
      "HTTPRoute/atp-production/atp-router",
      "HTTPRoute/atp-production/atp-to-https",
    ],
  );
});

test("a namespace that is not there is an empty world; a cluster that is not there is an error that says so", async (t) => {
  if (!requireKubectl(t)) return;
  const { url } = await apiServer(t, () => true);
  await kubeconfig(t, url);
  assert.deepEqual(await observe(), []);
  await kubeconfig(t, "http://127.0.0.1:9");
  await assert.rejects(observe(), { code: "platform_unavailable", message: /The cluster could not be read: / });
});

test("managedFields are read as the API server writes them: fields, items by key, values of sets", () => {
  const fieldsV1 = {
    "f:metadata": { "f:labels": { "f:app.kubernetes.io/name": {} } },
    "f:spec": {
      "f:template": {
        "f:spec": {
          "f:containers": {
            'k:{"name":"web"}': {
              ".": {},
              "f:image": {},
              "f:ports": { 'k:{"containerPort":80,"protocol":"TCP"}': { ".": {} } },
            },
          },
        },
      },
      "f:finalizers": { 'v:"a"': {} },
    },
  };
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {
      name: "web",
      namespace: "a",
      resourceVersion: "9",
      managedFields: [
        { manager: "slipway", operation: "Apply", fieldsV1 },
        { manager: "kubectl", operation: "Update", fieldsV1: { "f:spec": { "f:replicas": {} } } },
      ],
    },
  };
  const [read] = kubernetesRecorded(object) ?? assert.fail();
  assert.deepEqual(read?.owned, [
    'metadata.labels."app.kubernetes.io/name"',
    "spec.finalizers",
    "spec.template.spec.containers[web].image",
    "spec.template.spec.containers[web].ports[80,TCP]",
  ]);
  assert.equal(read?.version, "9");
  assert.ok(isMap(read?.fields["metadata"]) && !("managedFields" in read.fields["metadata"]));
  assert.equal(kubernetesRecorded({ kind: "List", items: [{ no: "object" }] }), undefined);
});
