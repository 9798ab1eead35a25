// Files are Knative's form (v1), the published protos are v2's. This is the way from one to the other, as
// https://cloud.google.com/run/docs/reference/yaml/v1 and …/reference/rest/v2 describe the same settings. What it does not know
// keeps its name, so that the protos refuse it.

type Values = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

/** A map without some of its keys. Anything else stays as it is, and is refused where a map belongs. */
function without(value: unknown, ...keys: readonly string[]): unknown {
  return isMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key))) : value;
}

const at = (value: unknown, key: string): unknown => (isMap(value) ? value[key] : undefined);
const spread = (value: unknown): object => (isMap(value) ? value : value === undefined ? {} : { "not a map": value });
const each = (value: unknown, by: (item: unknown) => unknown): unknown =>
  Array.isArray(value) ? value.map(by) : value;
const numeral = (value: unknown): unknown => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value);
const yesOrNo = (value: unknown): unknown => (value === "true" ? true : value === "false" ? false : value);
const json = (value: unknown): unknown => {
  try {
    return JSON.parse(String(value)) as unknown;
  } catch {
    return value;
  }
};
const named = (prefix: string, names: Values) => (value: unknown) =>
  typeof value === "string" ? (names[value] ?? `${prefix}_${value}`) : value;

type Setting = readonly [path: readonly string[], convert: (value: unknown) => unknown];

const SERVICE: Readonly<Record<string, Setting>> = {
  "run.googleapis.com/ingress": [
    ["ingress"],
    named("INGRESS_TRAFFIC", {
      all: "INGRESS_TRAFFIC_ALL",
      internal: "INGRESS_TRAFFIC_INTERNAL_ONLY",
      "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
    }),
  ],
  "run.googleapis.com/launch-stage": [["launchStage"], (value) => value],
  "run.googleapis.com/minScale": [["scaling", "minInstanceCount"], numeral],
  "run.googleapis.com/maxScale": [["scaling", "maxInstanceCount"], numeral],
  "run.googleapis.com/invoker-iam-disabled": [["invokerIamDisabled"], yesOrNo],
};

const TEMPLATE: Readonly<Record<string, Setting>> = {
  "autoscaling.knative.dev/maxScale": [["scaling", "maxInstanceCount"], numeral],
  "run.googleapis.com/execution-environment": [
    ["executionEnvironment"],
    named("EXECUTION_ENVIRONMENT", { gen1: "EXECUTION_ENVIRONMENT_GEN1", gen2: "EXECUTION_ENVIRONMENT_GEN2" }),
  ],
  "run.googleapis.com/network-interfaces": [["vpcAccess", "networkInterfaces"], json],
  "run.googleapis.com/vpc-access-egress": [
    ["vpcAccess", "egress"],
    named("EGRESS", { "private-ranges-only": "PRIVATE_RANGES_ONLY", "all-traffic": "ALL_TRAFFIC" }),
  ],
};

// Settings of containers in v2, and what names secrets of other projects, which is part of each reference there.
const OF_CONTAINERS = ["run.googleapis.com/cpu-throttling", "run.googleapis.com/startup-cpu-boost"];
const DEPENDENCIES = "run.googleapis.com/container-dependencies";
const SECRETS = "run.googleapis.com/secrets";

function put(values: Values, [first = "", ...rest]: readonly string[], value: unknown): Values {
  return { ...values, [first]: rest.length === 0 ? value : put(spread(values[first]) as Values, rest, value) };
}

/** Annotations as fields; those that are not known become fields that nobody has. */
function settings(annotations: unknown, known: Readonly<Record<string, Setting>>): Values {
  if (annotations !== undefined && !isMap(annotations)) return { annotations };
  let values: Values = {};
  for (const [name, value] of Object.entries(annotations ?? {})) {
    const [path, convert] = known[name] ?? [[name], (same: unknown) => same];
    values = put(values, path, convert(value));
  }
  return values;
}

function volume(value: unknown): unknown {
  const [secret, csi] = [at(value, "secret"), at(value, "csi")];
  const key = (item: unknown): unknown => ({ ...spread(without(item, "key")), version: at(item, "key") });
  return {
    ...spread(without(value, "secret", "csi")),
    ...(secret === undefined
      ? {}
      : {
          secret: {
            ...spread(without(secret, "secretName", "items")),
            secret: at(secret, "secretName"),
            items: each(at(secret, "items"), key),
          },
        }),
    ...(csi === undefined ? {} : { gcs: bucket(csi) }),
  };
}

function bucket(csi: unknown): unknown {
  const attributes = at(csi, "volumeAttributes");
  const options = at(attributes, "mountOptions");
  return {
    ...spread(without(csi, "driver", "volumeAttributes")),
    ...(at(csi, "driver") === "gcsfuse.run.googleapis.com" ? {} : { driver: at(csi, "driver") }),
    ...spread(without(attributes, "bucketName", "mountOptions")),
    bucket: at(attributes, "bucketName"),
    mountOptions: typeof options === "string" ? options.split(",") : options,
  };
}

function variable(value: unknown): unknown {
  const from = at(value, "valueFrom");
  if (from === undefined) return value;
  const reference = at(from, "secretKeyRef");
  return {
    ...spread(without(value, "valueFrom")),
    valueSource: {
      ...spread(without(from, "secretKeyRef")),
      secretKeyRef: {
        ...spread(without(reference, "name", "key")),
        secret: at(reference, "name"),
        version: at(reference, "key"),
      },
    },
  };
}

function container(annotations: unknown) {
  const depends = json(at(annotations, DEPENDENCIES) ?? "{}");
  const [throttled, boost] = OF_CONTAINERS.map((name) => yesOrNo(at(annotations, name)));
  return (value: unknown): unknown => ({
    ...spread(without(value, "env", "resources")),
    env: each(at(value, "env"), variable) ?? [],
    resources: {
      ...spread(at(value, "resources")),
      ...(throttled === undefined ? {} : { cpuIdle: throttled }),
      ...(boost === undefined ? {} : { startupCpuBoost: boost }),
    },
    ...(at(depends, String(at(value, "name"))) === undefined
      ? {}
      : { dependsOn: at(depends, String(at(value, "name"))) }),
  });
}

function pod(spec: unknown, annotations: unknown): Values {
  const timeout = at(spec, "timeoutSeconds");
  return {
    ...spread(without(spec, "timeoutSeconds", "serviceAccountName", "containers", "volumes")),
    ...(timeout === undefined ? {} : { timeout: { seconds: numeral(timeout) } }),
    serviceAccount: at(spec, "serviceAccountName"),
    containers: each(at(spec, "containers"), container(annotations)),
    volumes: each(at(spec, "volumes"), volume) ?? [],
  };
}

function top(object: Values, known: Readonly<Record<string, Setting>>): Values {
  const metadata = object["metadata"];
  return {
    ...spread(without(object, "apiVersion", "kind", "metadata", "spec")),
    ...spread(without(metadata, "labels", "annotations")),
    labels: at(metadata, "labels") ?? {},
    ...settings(at(metadata, "annotations"), known),
  };
}

/** A service of Knative's form as the API's v2 has it. */
export function serviceV2(object: Values): Values {
  const template = at(object["spec"], "template");
  const [metadata, spec] = [at(template, "metadata"), at(template, "spec")];
  const annotations = at(metadata, "annotations");
  return {
    ...top(object, SERVICE),
    ...spread(without(object["spec"], "template")),
    template: {
      ...spread(without(template, "metadata", "spec")),
      ...spread(without(metadata, "name", "annotations")),
      revision: at(metadata, "name"),
      ...settings(without(annotations, ...OF_CONTAINERS, DEPENDENCIES, SECRETS), TEMPLATE),
      ...spread(without(pod(spec, annotations), "containerConcurrency")),
      maxInstanceRequestConcurrency: at(spec, "containerConcurrency"),
    },
  };
}

/** A job of Knative's form as the API's v2 has it. */
export function jobV2(object: Values): Values {
  const template = at(object["spec"], "template");
  const execution = at(template, "spec");
  const annotations = at(at(template, "metadata"), "annotations");
  const inner = at(at(execution, "template"), "spec");
  return {
    ...top(object, {}),
    ...spread(without(object["spec"], "template")),
    template: {
      ...spread(without(template, "metadata", "spec")),
      ...spread(without(at(template, "metadata"), "annotations")),
      ...spread(without(execution, "template")),
      template: {
        ...spread(without(at(execution, "template"), "spec")),
        ...settings(without(annotations, DEPENDENCIES, SECRETS), TEMPLATE),
        ...pod(inner, undefined),
      },
    },
  };
}
