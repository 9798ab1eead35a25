import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { EXAMPLES, exampleText, renderExample, renderText, textOf } from "../../testing/examples.ts";
import type { Manifest } from "./manifest.ts";

const examples = await Promise.all(
  EXAMPLES.filter(({ target }) => target === "kubernetes").map(async (example) => {
    const files = await renderExample(example);
    const objects = parseAllDocuments(textOf(files, "plain/all.yaml")).map((document) => document.toJS() as Manifest);
    return { example, files, objects };
  }),
);

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken: boolean;
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes: readonly { readonly configMap?: { readonly name: string } }[];
  };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly { readonly secretRef: { readonly name: string } }[];
  readonly startupProbe?: object;
  readonly livenessProbe?: { readonly httpGet: { readonly path: string } };
  readonly readinessProbe?: { readonly httpGet: { readonly path: string } };
}

/** The parts of objects that the questions below are about. */
interface Body {
  readonly replicas?: number;
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec: { readonly template: PodTemplate } };
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>>;
  readonly endpoints?: readonly { readonly port: string }[];
  readonly ports?: readonly { readonly name: string; readonly port: number }[];
  readonly rules?: readonly { readonly backendRefs?: readonly { readonly name: string; readonly port: number }[] }[];
  readonly target?: { readonly name: string };
  readonly egress?: readonly {
    readonly ports: readonly { readonly port: number | string; readonly protocol: string }[];
  }[];
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly updatePolicy?: { readonly updateMode: string };
  readonly scaleTargetRef?: { readonly name: string };
}

const bodyOf = (object: Manifest): Body => object["spec"] ?? {};
const podOf = (object: Manifest): PodTemplate | undefined =>
  bodyOf(object).template ?? bodyOf(object).jobTemplate?.spec.template;
const within = (
  part: Readonly<Record<string, unknown>> | undefined,
  whole: Readonly<Record<string, unknown>> | undefined,
): boolean => Object.entries(part ?? {}).every(([key, value]) => whole?.[key] === value);

/** Names that lead to nothing: of accounts, secrets, maps, services, ports, pods. */
function dangling(objects: readonly Manifest[]): readonly string[] {
  const named = (kind: string, name: string | undefined) =>
    objects.find((one) => one.kind === kind && one.metadata.name === name);
  const made = new Set(objects.filter(({ kind }) => kind === "ExternalSecret").map((one) => bodyOf(one).target?.name));
  const pods = objects.flatMap((one) => podOf(one) ?? []);
  const faults: string[] = [];
  for (const { spec } of pods) {
    if (!named("ServiceAccount", spec.serviceAccountName)) faults.push(`account ${spec.serviceAccountName}`);
    for (const { configMap } of spec.volumes)
      if (configMap && !named("ConfigMap", configMap.name)) faults.push(`map ${configMap.name}`);
    for (const { envFrom = [] } of [...(spec.initContainers ?? []), ...spec.containers])
      for (const { secretRef } of envFrom) if (!made.has(secretRef.name)) faults.push(`secret ${secretRef.name}`);
  }
  for (const object of objects) {
    const { selector, endpoints = [], rules = [], podSelector, scaleTargetRef } = bodyOf(object);
    for (const { port } of endpoints) {
      const services = objects.filter(
        (one) => one.kind === "Service" && within(selector?.matchLabels, one.metadata.labels),
      );
      if (!services.some((one) => bodyOf(one).ports?.some(({ name }) => name === port)))
        faults.push(`monitored port ${port}`);
    }
    for (const { name, port } of object.kind === "HTTPRoute"
      ? rules.flatMap(({ backendRefs = [] }) => backendRefs)
      : []) {
      const service = named("Service", name);
      if (!service || !bodyOf(service).ports?.some((one) => one.port === port)) faults.push(`backend ${name}:${port}`);
    }
    if (object.kind === "Service" && !pods.some(({ metadata }) => within(selector, metadata.labels)))
      faults.push(`pods of ${object.metadata.name}`);
    if (podSelector && !pods.some(({ metadata }) => within(podSelector.matchLabels, metadata.labels)))
      faults.push(`pods of policy ${object.metadata.name}`);
    if (scaleTargetRef && !named("Deployment", scaleTargetRef.name)) faults.push(`scaled ${scaleTargetRef.name}`);
  }
  return faults;
}

test("every name in a rendered object leads to another one; one that does not is noticed", () => {
  for (const { objects } of examples) {
    assert.deepEqual(dangling(objects), []);
    for (const kind of ["ServiceAccount", "ExternalSecret", "Service", "Deployment", "ConfigMap"])
      assert.notDeepEqual(dangling(objects.filter((one) => one.kind !== kind)), [], `without any ${kind}`);
  }
});

/** What the restricted Pod Security Standard refuses (https://kubernetes.io/docs/concepts/security/pod-security-standards/), and our own rules. */
function unsafe({ spec }: PodTemplate): readonly string[] {
  const { securityContext: pod } = spec;
  const faults: string[] = [];
  if (pod["runAsNonRoot"] !== true || pod["runAsUser"] !== 1000) faults.push("may run as root");
  if ((pod["seccompProfile"] as { type?: string } | undefined)?.type !== "RuntimeDefault") faults.push("no seccomp");
  if (spec.automountServiceAccountToken) faults.push("has a token");
  for (const { name, image, securityContext: own } of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (own["readOnlyRootFilesystem"] !== true) faults.push(`${name} writes its root`);
    if (own["allowPrivilegeEscalation"] !== false) faults.push(`${name} escalates`);
    if (JSON.stringify(own["capabilities"]) !== '{"drop":["ALL"]}') faults.push(`${name} has capabilities`);
    if (!/@sha256:[0-9a-f]{64}$/.test(image)) faults.push(`${name} runs a tag`);
  }
  return faults;
}

test("every pod is what the restricted standard asks for: uid 1000, read-only root, no capabilities, seccomp, images by digest", () => {
  for (const { objects } of examples) {
    const pods = objects.flatMap((one) => podOf(one) ?? []);
    assert.ok(pods.length >= 2);
    for (const pod of pods) assert.deepEqual(unsafe(pod), []);
    const [pod] = pods;
    assert.ok(pod);
    const breakages = [
      { ...pod, spec: { ...pod.spec, securityContext: {} } },
      { ...pod, spec: { ...pod.spec, automountServiceAccountToken: true } },
      {
        ...pod,
        spec: { ...pod.spec, containers: pod.spec.containers.map((one) => ({ ...one, securityContext: {} })) },
      },
      {
        ...pod,
        spec: { ...pod.spec, containers: pod.spec.containers.map((one) => ({ ...one, image: "slipway:latest" })) },
      },
    ];
    for (const broken of breakages) assert.notDeepEqual(unsafe(broken), []);
    const [namespace] = objects.filter(({ kind }) => kind === "Namespace");
    assert.equal(namespace?.metadata.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
  }
});

test("replicas are the HPA's alone, the VPA only advises, and probes ask three questions of their own", () => {
  for (const { objects } of examples) {
    for (const one of objects.filter(({ kind }) => kind === "VerticalPodAutoscaler"))
      assert.equal(bodyOf(one).updatePolicy?.updateMode, "Off");
    for (const one of objects.filter(({ kind }) => kind === "Deployment")) {
      assert.equal(bodyOf(one).replicas, undefined);
      const [container] = podOf(one)?.spec.containers ?? [];
      assert.ok(container?.startupProbe);
      assert.equal(container.livenessProbe?.httpGet.path, "/health");
      assert.equal(container.readinessProbe?.httpGet.path, "/ready");
    }
  }
});

test("pods reach names, the database, Redis and HTTPS, and nothing else; everything is denied first", () => {
  for (const { objects } of examples) {
    const policies = objects.filter(({ kind }) => kind === "NetworkPolicy");
    assert.ok(
      policies.some((one) => bodyOf(one).podSelector?.matchLabels === undefined && !bodyOf(one).egress),
      "no policy denies all",
    );
    for (const one of policies.filter((policy) => bodyOf(policy).egress)) {
      const rules = bodyOf(one).egress ?? [];
      assert.ok(
        rules.every(({ ports }) => ports.length > 0),
        "a rule without ports opens all",
      );
      const ports = rules.flatMap((rule) => rule.ports.map(({ port, protocol }) => `${protocol} ${port}`));
      for (const port of ["UDP 53", "TCP 53", "TCP 5432"])
        assert.ok(ports.includes(port), `${one.metadata.name}: ${port}`);
      // 80 and 988 are Google's metadata server, which pods with an identity need.
      for (const port of ports) assert.match(port, /^(UDP 53|TCP (53|80|443|988|5432|6379))$/);
    }
  }
});

test("migrations and backups have their own secrets, and services do not get them", () => {
  for (const { objects } of examples) {
    for (const one of objects.filter(({ kind }) => kind === "ExternalSecret")) {
      const keys = ((one["spec"] as { data: readonly { secretKey: string }[] }).data ?? []).map(
        ({ secretKey }) => secretKey,
      );
      const component = one.metadata.labels?.["app.kubernetes.io/component"];
      assert.equal(keys.includes("MIGRATION_DATABASE_URL"), component === "migrate");
      assert.equal(keys.includes("BACKUP_DATABASE_URL"), component === "backup");
    }
  }
});

/** The few forms of Helm's templates that the chart uses, filled in. */
function filledIn(template: string, values: unknown, namespace: string): string {
  return template.replace(/\{\{ (.*?) \}\}/g, (_all, inner: string) => {
    if (inner.startsWith('"')) return inner.slice(1, -1);
    if (inner === ".Release.Namespace") return namespace;
    const [, path = "", filter] = /^\.Values\.([\w.]+)(?: \| (quote|toJson))?$/.exec(inner) ?? [];
    assert.notEqual(path, "", `an unknown form of template: ${inner}`);
    const value = path.split(".").reduce<unknown>((at, key) => (at as Readonly<Record<string, unknown>>)[key], values);
    assert.notEqual(value, undefined, `no value for ${path}`);
    return filter === undefined ? String(value) : JSON.stringify(value);
  });
}

test("the chart with its own values gives exactly the plain objects, and other values change what they name", () => {
  for (const { example, files, objects } of examples) {
    const folder = files.find(({ path }) => path.endsWith("/Chart.yaml"))?.path.replace("Chart.yaml", "") ?? "";
    const values = parse(textOf(files, `${folder}values.yaml`)) as Readonly<Record<string, unknown>>;
    const namespace = objects.find(({ kind }) => kind === "Namespace")?.metadata.name ?? "";
    const templates = files.filter(({ path }) => path.startsWith(`${folder}templates/`));
    const fill = (with_: unknown) =>
      new Map(
        templates
          .map(({ text }) => parse(filledIn(text, with_, namespace)) as Manifest)
          .map((one) => [`${one.kind}/${one.metadata.name}`, one]),
      );
    const plain = new Map(
      objects.filter(({ kind }) => kind !== "Namespace").map((one) => [`${one.kind}/${one.metadata.name}`, one]),
    );
    assert.deepEqual(fill(values), plain, `${example.system} ${example.environment}`);
    const changed = fill({ ...values, image: "r.example/other@sha256:0" });
    assert.match(JSON.stringify([...changed.values()]), /r\.example\/other@sha256:0/);
  }
});

/** The objects of the example in production when its file says something else. */
async function changed(...changes: readonly (readonly [from: string, to: string])[]): Promise<readonly Manifest[]> {
  const text = changes.reduce(
    (now, [from, to]) => {
      assert.ok(now.includes(from), from);
      return now.replace(from, () => to);
    },
    await exampleText("agent-generator"),
  );
  const files = await renderText(text, "production");
  return parseAllDocuments(textOf(files, "plain/all.yaml")).map((document) => document.toJS() as Manifest);
}

test("a setting is what the file says: what Kubernetes would fill in or halve is escaped", async () => {
  const values = ["$(PORT)", "a$$b", "$$(PORT)", "x$$", "$HOME ${PORT}", "$"];
  const settings = values.map((value, index) => `  V${index}: ${JSON.stringify(value)}\n`).join("");
  const objects = await changed(["env:\n  LOGGING_LEVEL: info\n", `env:\n  LOGGING_LEVEL: info\n${settings}`]);
  const env = podOf(objects.find(({ kind }) => kind === "Deployment") ?? assert.fail())?.spec.containers[0]?.env ?? [];
  // As k8s.io/kubernetes/third_party/forked/golang/expansion reads it: `$$` is `$`, `$(NAME)` the variable.
  const expanded = (value = ""): string =>
    value.replace(/\$(\$|\((\w+)\))/g, (_all, what: string) => (what === "$" ? "$" : "expanded"));
  for (const [index, value] of values.entries())
    assert.equal(expanded(env.find(({ name }) => name === `V${index}`)?.value), value);
});

test("a service with an identity of the cloud reaches what hands it out, with or without files in object storage", async () => {
  const metadata = (objects: readonly Manifest[]): boolean =>
    objects
      .filter(({ kind, metadata: { name } }) => kind === "NetworkPolicy" && name === "generator-web")
      .some((one) => bodyOf(one).egress?.some(({ ports }) => ports.some(({ port }) => port === 988)));
  const gone = ["  objects: { bucket: acme-generator-files }\n", ""] as const;
  const named = "        web: generator-web@acme-generator.iam.gserviceaccount.com\n";
  assert.ok(metadata(await changed()));
  assert.ok(metadata(await changed(gone)));
  const text = await exampleText("agent-generator");
  const production = text.indexOf("  production:\n");
  const without = text.slice(0, production) + text.slice(production).replace(named, "");
  const files = await renderText(without.replace(...gone), "production");
  assert.equal(
    metadata(parseAllDocuments(textOf(files, "plain/all.yaml")).map((one) => one.toJS() as Manifest)),
    false,
  );
});

test("the name of the migration's Job is one that a label takes, however the system is called", async () => {
  for (const name of ["generator", "a".repeat(33), "a".repeat(34), "a".repeat(40)]) {
    const objects = await changed(["name: generator\n", `name: ${name}\n`]);
    for (const { kind, metadata } of objects)
      if (kind === "Job" || kind === "Service" || kind === "Namespace")
        assert.ok(metadata.name.length <= 63, metadata.name);
    const job = objects.find(({ kind }) => kind === "Job")?.metadata.name ?? "";
    assert.equal(/-migrate-a172cedcae47-[0-9a-f]{8}$/.test(job), name.length <= 33, job);
  }
});

test("services whose names differ by a dash only have values of their own in the chart", async () => {
  const service = (name: string, memory: string) =>
    `  ${name}: { roles: [router], memory: ${memory}, scale: { max: 1 } }\n`;
  const text = (await exampleText("agent-generator")).replace(
    "services:\n",
    `services:\n${service("api-2", "2Gi")}${service("api2", "3Gi")}`,
  );
  const files = await renderText(text, "production");
  const { services } = parse(textOf(files, "helm/generator/values.yaml")) as {
    services: Readonly<Record<string, { resources: { limits: { memory: string } } }>>;
  };
  assert.deepEqual(
    Object.entries(services).map(([name, { resources }]) => [name, resources.limits.memory]),
    [
      ["api_2", "2Gi"],
      ["api2", "3Gi"],
      ["web", "1Gi"],
    ],
  );
  assert.match(
    textOf(files, "helm/generator/templates/deployment-generator-api-2.yaml"),
    /\.Values\.services\.api_2\.env/,
  );
});

test("a service that is called as the gateway has its own hosts in the chart", async () => {
  const service = "  gateway: { roles: [router], scale: { max: 1 }, access: { kind: public, hosts: [g.example] } }\n";
  const files = await renderText(
    (await exampleText("agent-generator")).replace("services:\n", `services:\n${service}`),
    "production",
  );
  const { services } = parse(textOf(files, "helm/generator/values.yaml")) as {
    services: Readonly<Record<string, { hosts: readonly string[] }>>;
  };
  assert.deepEqual(services["gateway"]?.hosts, ["g.example"]);
  assert.match(textOf(files, "helm/generator/templates/httproute-generator-to-https.yaml"), /- g\.example\n/);
});

test("health checks, drains, shares and hosts keep to the bounds of who reads them", async () => {
  const probes = "probes: { readiness: { period: 2s, timeout: 10s, failures: 30 } }\n    drain: 2h";
  const objects = await changed(
    ["scale: { min: 3, max: 10, cpu: 70, memory: 80 }", `scale: { min: 3, max: 10, cpu: 0.4 }\n    ${probes}`],
    ["hosts: [agents.acme.example]", "hosts: [Agents.ACME.example]"],
  );
  const of = (wanted: string): unknown => objects.find(({ kind }) => kind === wanted)?.["spec"];
  const { default: check } = of("HealthCheckPolicy") as { default: Readonly<Record<string, unknown>> };
  assert.deepEqual([check["checkIntervalSec"], check["timeoutSec"], check["unhealthyThreshold"]], [2, 2, 10]);
  assert.match(JSON.stringify(of("GCPBackendPolicy")), /"drainingTimeoutSec":3600/);
  assert.match(JSON.stringify(of("HorizontalPodAutoscaler")), /"averageUtilization":1}/);
  assert.match(JSON.stringify(of("HTTPRoute")), /"hostnames":\["agents\.acme\.example"\]/);
});
