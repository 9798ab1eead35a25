import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { check } from "#check/check.ts";
import { TODAY } from "#check/testing.ts";
import { desiredOf } from "#plan/desired.ts";
import type { RenderedFile } from "#render/file.ts";
import { EXAMPLES, exampleText, inTwoRegions, renderExample, renderText } from "../../testing/examples.ts";
import { ecsSizes } from "../ecs/sizes.ts";
import { awsSchedule } from "./cron.ts";
import { taskSize } from "./fargate.ts";

type Values = Readonly<Record<string, unknown>>;

interface TemplateResource {
  readonly Type: string;
  readonly Properties: Values;
}

interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Export: { readonly Name: string } }>>;
}

const copilot = await exampleText("copilot");
const examples = await Promise.all(
  EXAMPLES.filter(({ target }) => target === "ecs" || target === "lambda").map(async (example) => ({
    example,
    files: await renderExample(example),
  })),
);

function templatesOf(files: readonly RenderedFile[], region = "eu-central-1"): readonly Template[] {
  return files.filter(({ path }) => path.startsWith(`${region}/`)).map(({ text }) => parse(text) as Template);
}

function resourcesOf(files: readonly RenderedFile[], type: string): readonly (readonly [string, Values])[] {
  return templatesOf(files).flatMap(({ Resources }) =>
    Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
      Type === type ? [[id, Properties] as const] : [],
    ),
  );
}

/** Every value below a key, wherever it stands. */
function* valuesOf(value: unknown, key: string): Generator {
  if (Array.isArray(value)) for (const item of value) yield* valuesOf(item, key);
  else if (typeof value === "object" && value !== null)
    for (const [name, inner] of Object.entries(value)) {
      if (name === key) yield inner;
      yield* valuesOf(inner, key);
    }
}

/** Imports that no stack of the system exports. */
function dangling(templates: readonly Template[]): readonly unknown[] {
  const exported = new Set(
    templates.flatMap(({ Outputs = {} }) => Object.values(Outputs).map((one) => one.Export.Name)),
  );
  return templates
    .flatMap((template) => [...valuesOf(template, "Fn::ImportValue")])
    .filter((name) => !exported.has(String(name)));
}

test("what a stack imports is exported by one that is deployed before it; what nobody exports is noticed", async () => {
  const several = { files: await renderText(inTwoRegions(copilot), "containers") };
  for (const { files } of [...examples, several]) {
    for (const region of files === several.files ? ["eu-central-1", "eu-west-1"] : ["eu-central-1"]) {
      const templates = templatesOf(files, region);
      assert.ok(templates.length >= 2);
      assert.deepEqual(dangling(templates), []);
      // The file's order is base, data, services; without the base nothing that the services import is there.
      assert.notDeepEqual(dangling(templates.filter(({ Outputs = {} }) => !("Cluster" in Outputs))), []);
    }
  }
});

test("our own check finds nothing in what is rendered, and notices what is made worse", () => {
  const assumptions = { today: TODAY, kubernetesMinor: undefined };
  for (const { files } of examples) {
    assert.deepEqual(check(files, assumptions).found, []);
    const worse = files.map(({ path, text }) => ({
      path,
      text: text
        .replaceAll("ReadonlyRootFilesystem: true", "ReadonlyRootFilesystem: false")
        .replaceAll("aws-sm://", "sk-"),
    }));
    assert.ok(check(worse, assumptions).found.length > 0);
  }
});

/** What a container may do that it should not. */
function rights(container: Values): readonly string[] {
  const linux = container["LinuxParameters"] as Values | undefined;
  return [
    ...(container["ReadonlyRootFilesystem"] === true ? [] : ["writes its root"]),
    ...(container["User"] === "1000:1000" ? [] : ["is another user"]),
    ...(JSON.stringify(linux?.["Capabilities"]) === '{"Drop":["ALL"]}' ? [] : ["has capabilities"]),
    ...(linux?.["InitProcessEnabled"] === true ? [] : ["has no init"]),
    ...(/@sha256:[0-9a-f]{64}$/.test(String(container["Image"])) ? [] : ["runs a tag"]),
    ...(container["Privileged"] === false ? [] : ["is privileged"]),
  ];
}

test("every container of every task has uid 1000, a read-only root, no capabilities, an init and an image by digest", () => {
  for (const { files } of examples) {
    const containers = resourcesOf(files, "AWS::ECS::TaskDefinition").flatMap(
      ([, task]) => task["ContainerDefinitions"] as readonly Values[],
    );
    assert.ok(containers.length >= 4);
    for (const container of containers) assert.deepEqual(rights(container), []);
    for (const broken of [
      { User: "0" },
      { ReadonlyRootFilesystem: false },
      { LinuxParameters: {} },
      { Image: "slipway:latest" },
    ])
      assert.notDeepEqual(rights({ ...containers[0], ...broken }), []);
  }
});

test("a role may read the secrets of its own component and no other, and nothing is allowed on everything but what knows no resource", () => {
  const noResource =
    /^(ecr:GetAuthorizationToken|xray:Put|ec2:(Create|Delete|Describe|Assign|Unassign)|elasticfilesystem:Client)/;
  for (const { files } of examples) {
    for (const [id, role] of resourcesOf(files, "AWS::IAM::Role")) {
      const statements = [...valuesOf(role["Policies"], "Statement")].flat() as readonly Values[];
      const secrets = JSON.stringify(statements.filter(({ Sid }) => Sid === "Secrets"));
      assert.equal(secrets.includes("/database"), secrets !== "[]", id);
      if (id === "BackupExecutionRole") assert.doesNotMatch(secrets, /openai|gemini|encryption-key|api-/, id);
      if (id === "MigrateExecutionRole") assert.doesNotMatch(secrets, /openai|gemini|splunk|\/api/, id);
      for (const { Action, Resource } of statements) {
        if (Resource !== "*") continue;
        for (const action of Action as readonly string[])
          assert.match(action, noResource, `${id} may ${action} on everything`);
      }
    }
    for (const { path, text } of files)
      if (path.endsWith("/services.yaml"))
        assert.doesNotMatch(text, /(MIGRATION|BACKUP)_DATABASE_URL|(migration|backup)-url/);
  }
});

test("only the balancer reaches tasks, the internet reaches the public balancer alone, and metrics are hidden from it", async () => {
  const files = await renderText(copilot, "containers");
  const open = resourcesOf(files, "AWS::EC2::SecurityGroupIngress").filter(([, rule]) => "CidrIp" in rule);
  for (const [, rule] of open) {
    assert.deepEqual(rule["GroupId"], { Ref: "PublicBalancerSecurityGroup" });
    assert.match(String(rule["FromPort"]), /^(80|443)$/);
  }
  const rule = resourcesOf(files, "AWS::ElasticLoadBalancingV2::ListenerRule").find(
    ([id]) => id === "PublicMetrics",
  )?.[1];
  assert.equal(rule?.["Priority"], 1);
  const inner = await renderText(
    copilot.replace("{ kind: public, hosts: [copilot.acme.example] }", "{ kind: internal }"),
    "containers",
  );
  assert.deepEqual(
    resourcesOf(inner, "AWS::EC2::SecurityGroupIngress").filter(([, one]) => "CidrIp" in one),
    [],
  );
  assert.deepEqual(
    resourcesOf(inner, "AWS::ElasticLoadBalancingV2::LoadBalancer").map(([, one]) => one["Scheme"]),
    ["internal"],
  );
});

test("each strategy is one of ECS's own, with circuit breaker and alarms that roll back, and replicas are the autoscaler's", async () => {
  const wanted = [
    ["strategy: canary, steps: [5, 25, 50]", "CANARY", { CanaryPercent: 5, CanaryBakeTimeInMinutes: 15 }],
    ["strategy: canary, steps: [25, 50, 75]", "LINEAR", { StepPercent: 25, StepBakeTimeInMinutes: 5 }],
    ["strategy: blue-green", "BLUE_GREEN", undefined],
    ["strategy: rolling", "ROLLING", undefined],
  ] as const;
  for (const [text, strategy, steps] of wanted) {
    const files = await renderText(copilot.replace("strategy: canary, steps: [5, 25, 50]", text), "containers");
    const [, service = {}] = resourcesOf(files, "AWS::ECS::Service")[0] ?? [];
    const deployment = service["DeploymentConfiguration"] as Values;
    assert.equal(deployment["Strategy"], strategy);
    assert.deepEqual(deployment["CanaryConfiguration"] ?? deployment["LinearConfiguration"], steps);
    assert.deepEqual(deployment["DeploymentCircuitBreaker"], { Enable: true, Rollback: true });
    const names = (deployment["Alarms"] as { AlarmNames: readonly { Ref: string }[] }).AlarmNames.map(({ Ref }) => Ref);
    const alarms = new Set(resourcesOf(files, "AWS::CloudWatch::Alarm").map(([id]) => id));
    assert.equal(names.length, 2);
    for (const name of names) assert.ok(alarms.has(name), name);
    assert.equal("DesiredCount" in service, false);
    const [balancer] = service["LoadBalancers"] as readonly Values[];
    assert.equal("AdvancedConfiguration" in (balancer ?? {}), strategy !== "ROLLING");
  }
});

test("a function serves behind an alias that shifts by alarms, its API leads to no metrics, and secrets stay references", async () => {
  const files = await renderText(copilot, "prod");
  const [, own = {}] = resourcesOf(files, "AWS::Serverless::Function")[0] ?? [];
  assert.equal(own["AutoPublishAlias"], "live");
  const { Variables: variables } = own["Environment"] as { Variables: Readonly<Record<string, string>> };
  assert.equal(variables["DATABASE_URL"], "aws-sm://eu-central-1/copilot/database#url");
  assert.equal(variables["AWS_LWA_INVOKE_MODE"], "buffered");
  const [, api = {}] = resourcesOf(files, "AWS::Serverless::HttpApi")[0] ?? [];
  const paths = Object.keys((api["DefinitionBody"] as { paths: Values }).paths);
  assert.ok(paths.includes("/v1/{proxy+}") && !paths.some((path) => path.includes("metrics") || path.startsWith("/{")));
  const streaming = await renderText(copilot.replace("data: managed", "data: managed\n      streaming: true"), "prod");
  const [, rest = {}] = resourcesOf(streaming, "AWS::Serverless::Api")[0] ?? [];
  assert.ok([...valuesOf(rest, "responseTransferMode")].every((mode) => mode === "STREAM"));
  assert.match(
    JSON.stringify(rest),
    /2021-11-15\/functions\/\$\{CopilotFunction.Arn\}:live\/response-streaming-invocations/,
  );
});

test("what is kept outlives its stack, is encrypted, closed to the public and can be gone back to", () => {
  const [managed] = examples.filter(({ example }) => example.environment === "prod");
  const data = parse(managed?.files.find(({ path }) => path.endsWith("/data.yaml"))?.text ?? "") as Template;
  const kept = [
    "AWS::RDS::DBInstance",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
  ];
  const seen = new Set<string>();
  for (const resource of Object.values(data.Resources)) {
    if (!kept.includes(resource.Type)) continue;
    seen.add(resource.Type);
    assert.match(String((resource as unknown as Values)["DeletionPolicy"]), /^(Retain|Snapshot)$/);
  }
  assert.deepEqual([...seen].sort(), [...kept].sort());
  const text = JSON.stringify(data);
  for (const said of [
    '"BackupRetentionPeriod":30',
    '"PointInTimeRecoveryEnabled":true',
    '"RestrictPublicBuckets":true',
    '"StorageEncrypted":true',
  ])
    assert.ok(text.includes(said), said);
});

test("another image changes what runs and nothing that stands or holds data", async () => {
  for (const { example, files } of examples) {
    const other = await renderText(
      (await exampleText(example.system)).replaceAll(/(\bapp: [^@\n]+@sha256:)\w{12}/g, "$1000000000000"),
      example.environment,
    );
    const [before, after] = [files, other].map((all) =>
      templatesOf(all).flatMap(({ Resources }) => Object.entries(Resources)),
    );
    const changed = before?.filter(([id, one], at) => {
      assert.equal(after?.[at]?.[0], id);
      return JSON.stringify(after[at][1]) !== JSON.stringify(one);
    });
    const kinds = new Set(changed?.map(([, { Type }]) => Type));
    const wanted =
      example.target === "ecs"
        ? ["AWS::ECS::TaskDefinition"]
        : ["AWS::ECS::TaskDefinition", "AWS::Serverless::Function"];
    assert.deepEqual([...kinds].sort(), wanted);
  }
});

test("what AWS cannot run is refused, with what to do", async () => {
  const lambda = (from: string, to: string) => renderText(copilot.replace(from, to), "prod");
  const ecs = (from: string, to: string) => renderText(copilot.replace(from, to), "containers");
  const cases = [
    [lambda("timeout: 29s", "timeout: 60s"), /takes up to 60s/],
    [lambda("roles: [router, memory, agents, console]\n", "roles: [router, worker]\n"), /role worker/],
    [lambda("timeout: 29s", `timeout: 29s\n          env: { LONG: "${"x".repeat(4000)}" }`), /room for 4096/],
    [lambda("LOG_LEVEL: info", "AWS_REGION: eu-west-1"), /sets AWS_REGION, which Lambda says itself/],
    [ecs("{ min: 2, max: 10 }", "{ min: 0, max: 10 }"), /scale.min: 0/],
    [ecs("OPENAI_API_KEY: aws-sm://eu-central-1/copilot/openai#key", "OPENAI_API_KEY: vault://a/b#c"), /lies in vault/],
    [
      renderText(inTwoRegions(copilot).replace("        eu-west-1:", "        us-east-1:"), "containers"),
      /no network in eu-west-1/,
    ],
    [ecs("cpu: 1\n", "cpu: 32\n"), /No task of Fargate/],
    [renderText(inTwoRegions(copilot).replace("arm64\n", "arm64\n      data: managed\n"), "containers"), /one region/],
    [ecs("slipway@sha256:a172cedcae47474b615c54d510a5d84a8dea3032e958587430b413538be3f333", "slipway:1"), /no digest/],
  ] as const;
  await Promise.all(
    cases.map(([rendering, message]) => assert.rejects(rendering, { code: "spec_incomplete", message })),
  );
});

/** What a dashboard's text says, its names filled in; throws where it is no JSON or a name has no value. */
function widgetsOf(
  body: unknown,
): readonly { readonly properties: { readonly metrics: readonly (readonly unknown[])[] } }[] {
  const [text, values] = (body as { readonly "Fn::Sub": readonly [string, Values] })["Fn::Sub"];
  const filled = text.replace(/\$\{([\w:]+)\}/g, (_all, name: string) => {
    assert.ok(name.startsWith("AWS::") || name in values, `nothing is called ${name}`);
    return "filled-in";
  });
  return (JSON.parse(filled) as { widgets: ReturnType<typeof widgetsOf> }).widgets;
}

test("a dashboard is JSON with graphs of every service, and each alarm compares series that it has", () => {
  for (const { files } of examples) {
    const [board] = resourcesOf(files, "AWS::CloudWatch::Dashboard");
    const widgets = widgetsOf(board?.[1]["DashboardBody"]);
    assert.ok(widgets.length >= 3);
    for (const { properties } of widgets) for (const line of properties.metrics) assert.ok(line.length >= 3);
    assert.throws(() => widgetsOf({ "Fn::Sub": ["{}${Nobody}", {}] }), /nothing is called Nobody/);
    for (const [id, alarm] of resourcesOf(files, "AWS::CloudWatch::Alarm")) {
      const queries = (alarm["Metrics"] ?? []) as readonly { readonly Id: string; readonly Expression?: string }[];
      const ids = new Set(queries.map((query) => query.Id));
      for (const { Expression = "" } of queries)
        for (const [name] of Expression.matchAll(/\b[a-z]\d+\b/g)) assert.ok(ids.has(name), `${id}: no series ${name}`);
      const returned = queries.filter((query) => (query as Values)["ReturnData"] === true);
      assert.equal(returned.length, queries.length === 0 ? 0 : 1, id);
    }
  }
});

test("the sizes of services on ECS are those of their tasks, in each region", async () => {
  const size = { service: "copilot", millicores: 1000, mebibytes: 2048, min: 2, max: 10 };
  const [one, two] = await Promise.all([
    renderText(copilot, "containers"),
    renderText(inTwoRegions(copilot), "containers"),
  ]);
  assert.deepEqual(ecsSizes(desiredOf({}, one)), [size]);
  assert.deepEqual(ecsSizes(desiredOf({}, two)), [size, size]);
});

test("tasks have the smallest size that fits", () => {
  assert.deepEqual(taskSize("250m", "512Mi"), { Cpu: "256", Memory: "512" });
  assert.deepEqual(taskSize("250m", "600Mi"), { Cpu: "256", Memory: "1024" });
  assert.deepEqual(taskSize(1, "1Gi"), { Cpu: "1024", Memory: "2048" });
  assert.deepEqual(taskSize("500m", "6Gi"), { Cpu: "1024", Memory: "6144" });
  assert.deepEqual(taskSize(2, "17Gi"), { Cpu: "4096", Memory: "17408" });
  assert.deepEqual(taskSize(16, "100Gi"), { Cpu: "16384", Memory: "106496" });
});

test("cron's five fields become EventBridge's six", () => {
  assert.equal(awsSchedule("15 2 * * *"), "cron(15 2 * * ? *)");
  assert.equal(awsSchedule("0 3 * * 1-5"), "cron(0 3 ? * MON-FRI *)");
  assert.equal(awsSchedule("0 3 * * 0,6"), "cron(0 3 ? * SUN,SAT *)");
  assert.equal(awsSchedule("*/20 3 1 * *"), "cron(*/20 3 1 * ? *)");
  assert.throws(() => awsSchedule("0 3 1 * 1"), { code: "spec_incomplete" });
});

test("the server is told how many of it serve together: those of all regions", async () => {
  const replicas = async (text: string): Promise<readonly string[]> => {
    const files = await renderText(text, "containers");
    return files.flatMap(({ path, text: template }) =>
      path.endsWith("/services.yaml") ? [/Name: REPLICAS\n +Value: "(\d+)"/.exec(template)?.[1] ?? ""] : [],
    );
  };
  assert.deepEqual(await replicas(copilot), ["10"]);
  assert.deepEqual(await replicas(inTwoRegions(copilot)), ["20", "20"]);
});
