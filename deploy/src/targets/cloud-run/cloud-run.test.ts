import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import type { RenderedFile } from "#render/file.ts";
import { EXAMPLES, exampleText, renderExample, renderText, textOf } from "../../testing/examples.ts";

const examples = await Promise.all(
  EXAMPLES.filter(({ target }) => target === "cloud-run").map(async (example) => await renderExample(example)),
);

interface Service {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: {
    readonly traffic?: unknown;
    readonly template: {
      readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly serviceAccountName: string;
        readonly containerConcurrency: number;
        readonly containers: readonly {
          readonly image: string;
          readonly startupProbe?: { readonly httpGet: { readonly path: string } };
          readonly livenessProbe?: { readonly httpGet: { readonly path: string } };
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
}

const servicesOf = (files: readonly RenderedFile[]): readonly Service[] =>
  files.filter(({ path }) => path.startsWith("services/")).map(({ text }) => parse(text) as Service);

test("every service has an account of its own, an image by digest, a way into the network without a connector, and says nothing of traffic", () => {
  for (const files of examples) {
    const services = servicesOf(files);
    assert.ok(services.length >= 1);
    for (const { spec, metadata } of services) {
      const { annotations } = spec.template.metadata;
      assert.equal(spec.traffic, undefined);
      assert.match(spec.template.spec.serviceAccountName, /@.*\.iam\.gserviceaccount\.com$/);
      for (const { image } of spec.template.spec.containers) assert.match(image, /@sha256:[0-9a-f]{64}$/);
      assert.match(annotations["run.googleapis.com/network-interfaces"] ?? "", /"subnetwork":/);
      assert.equal(annotations["run.googleapis.com/vpc-access-connector"], undefined);
      assert.match(metadata.annotations["run.googleapis.com/ingress"] ?? "", /^(all|internal)/);
      const [server] = spec.template.spec.containers;
      // A revision that reaches no database never becomes ready, so it never gets requests.
      assert.equal(server?.startupProbe?.httpGet.path, "/ready");
      assert.equal(server.livenessProbe?.httpGet.path, "/health");
      assert.equal(
        server.env?.find(({ name }) => name === "PORT"),
        undefined,
      );
    }
    const accounts = new Set(services.map(({ spec }) => spec.template.spec.serviceAccountName));
    assert.equal(accounts.size, new Set(files.filter(({ path }) => path.startsWith("iam/"))).size);
  }
});

test("who may connect: strangers by the balancer alone, the network for internal services, identities for private ones", async () => {
  const text = await exampleText("atp");
  const ingress = async (access: string) => {
    const changed = text.replace("access: { kind: public, hosts: [router.atp.example] }", `access: ${access}`);
    const files = await renderText(changed, "global");
    const { metadata } = parse(textOf(files, "services/europe-west1/router.yaml")) as Service;
    const { bindings } = parse(textOf(files, "iam/router.yaml")) as {
      bindings: readonly { role: string; members: readonly string[] }[];
    };
    return {
      ingress: metadata.annotations["run.googleapis.com/ingress"],
      asksNobody: metadata.annotations["run.googleapis.com/invoker-iam-disabled"] === "true",
      members: bindings.flatMap(({ members }) => members),
      balancer: files.some(({ path }) => path === "edge/url-map.yaml"),
    };
  };
  const members = ["group:platform@acme.example", "serviceAccount:atp-memory@atp.iam.gserviceaccount.com"];
  assert.deepEqual(await ingress("{ kind: public, hosts: [router.atp.example] }"), {
    ingress: "internal-and-cloud-load-balancing",
    asksNobody: true,
    members: [],
    balancer: true,
  });
  assert.deepEqual(await ingress("{ kind: private }"), { ingress: "all", asksNobody: false, members, balancer: false });
  assert.deepEqual(await ingress("{ kind: internal }"), {
    ingress: "internal",
    asksNobody: false,
    members,
    balancer: false,
  });
});

test("the same content has the same revision, other content another one, in every region alike", async () => {
  const text = await exampleText("atp");
  const names = async (spec: string) =>
    servicesOf(await renderText(spec, "global")).map(({ spec: { template } }) => template.metadata.name);
  const [before, same] = [await names(text), await names(`# a comment\n${text}`)];
  assert.deepEqual(same, before);
  assert.equal(new Set(before).size, 2);
  const after = await names(text.replace("concurrency: 500", "concurrency: 400"));
  assert.notDeepEqual(after, before);
  // Only the service that changed.
  assert.equal(after.filter((name) => before.includes(name)).length, 2);
  // The server's own sections are part of what runs.
  const routed = await names(text.replace("strategy: latency", "strategy: weighted"));
  assert.equal(routed.filter((name) => before.includes(name)).length, 0);
});

test("a balancer leads to every region, hides metrics, and has Cloud Armor unless the file says otherwise", async () => {
  const text = await exampleText("atp");
  const files = await renderText(text, "global");
  const backend = parse(textOf(files, "edge/backend-router.yaml")) as {
    backends: readonly { group: string }[];
    securityPolicy?: string;
    outlierDetection?: unknown;
  };
  assert.deepEqual(
    backend.backends.map(({ group }) => /regions\/([\w-]+)\//.exec(group)?.[1]),
    ["europe-west1", "us-central1"],
  );
  assert.match(backend.securityPolicy ?? "", /securityPolicies\/atp-waf$/);
  assert.ok(backend.outlierDetection);
  const map = textOf(files, "edge/url-map.yaml");
  assert.match(map, /fullPathMatch: \/metrics\n[^]*httpStatus: 404/);
  const open = await renderText(text.replace("prefix: atp", "prefix: atp\n      edge: { waf: false }"), "global");
  assert.ok(!open.some(({ path }) => path === "edge/waf.yaml"));
  assert.doesNotMatch(textOf(open, "edge/backend-router.yaml"), /securityPolicy/);
});

test("alerts are those that the file asks for: thresholds, the platform's own metrics, nothing that looks back longer than a day", async () => {
  const text = await exampleText("atp");
  const files = await renderText(text.replace("errorRate: { above: 5", "errorRate: { above: 7"), "global");
  const policies = files.filter(({ path }) => path.startsWith("monitoring/policies/"));
  const names = policies.map(({ path }) => path.replace(/^.*\/|\.yaml$/g, ""));
  for (const name of [
    "router-error-rate",
    "router-slow-answers",
    "router-down",
    "router-start-churn",
    "router-1h-error-budget-burn",
    "router-1d-error-budget-burn",
    "backup-missing",
    "100-budget",
  ])
    assert.ok(names.includes(name), `${name} is not among ${names.join(", ")}`);
  assert.ok(!names.some((name) => name.includes("-3d-")));
  assert.match(textOf(files, "monitoring/policies/router-error-rate.yaml"), /response_code_class[^]*> 0\.07/);
  assert.match(
    textOf(files, "monitoring/policies/router-down.yaml"),
    /uptime_check_check_passed[^]*router\.atp\.example/,
  );
  for (const { text: policy } of policies)
    for (const [, days] of policy.matchAll(/\[(\d+)d\]/g)) assert.ok(Number(days) <= 1, policy);
});

test("the migration gets no settings of what serves, and the port is nobody's but Cloud Run's to say", async () => {
  const text = (await exampleText("atp")).replace(/^env:\n/m, 'env:\n  AUDIT_SINKS: splunk\n  PORT: "9000"\n');
  const files = await renderText(text, "global");
  assert.match(text, /AUDIT_SINKS/);
  // Without its token the server does not start.
  assert.doesNotMatch(textOf(files, "jobs/migrate.yaml"), /AUDIT_SINKS|name: PORT/);
  const service = textOf(files, "services/europe-west1/router.yaml");
  assert.match(service, /name: AUDIT_SINKS/);
  assert.doesNotMatch(service, /name: PORT/);
});

test("every host has a certificate of its own, called as Certificate Manager takes it", async () => {
  const hosts = ["a-b.example", "a.b-example", `${"long.".repeat(13)}example`, "Router.ATP.example"];
  const text = (await exampleText("atp")).replace("[router.atp.example]", `[${hosts.join(", ")}]`);
  const script = textOf(await renderText(text, "global"), "edge.sh");
  const ids = [...script.matchAll(/certificates create (\S+) --domains=(\S+)/g)].map(([, id = ""]) => id);
  assert.equal(new Set(ids).size, hosts.length, script);
  for (const id of ids) assert.match(id, /^[a-z0-9-]{1,63}$/);
  assert.ok(ids.includes("router-atp-example"));
});
