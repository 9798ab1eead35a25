import { SlipwayError } from "@slipway/contracts/errors.ts";
import { mebibytes, millicores } from "@slipway/contracts/spec/quantity.ts";
import type { Context } from "./context.ts";
import { tagsOf } from "./context.ts";
import { secretArn } from "./iam.ts";
import { attribute, ref, type Resource, sub, type Values } from "./template.ts";

/** Sizes of tasks: units of CPU, and the least, most and step of MiB with them (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html). */
const SIZES = [
  [256, 512, 2048, 512],
  [512, 1024, 4096, 1024],
  [1024, 2048, 8192, 1024],
  [2048, 4096, 16_384, 1024],
  [4096, 8192, 30_720, 1024],
  [8192, 16_384, 61_440, 4096],
  [16_384, 32_768, 122_880, 8192],
] as const;

/** The smallest task that has so much. Throws `spec_incomplete` when there is none. */
export function taskSize(cpu: number | string, memory: string): { readonly Cpu: string; readonly Memory: string } {
  const [units, mib] = [(millicores(cpu) * 1024) / 1000, mebibytes(memory)];
  for (const [size, least, most, step] of SIZES) {
    if (size < units || most < mib) continue;
    // The smallest size goes 512, 1024, 2048.
    const steps = size === 256 ? [512, 1024, 2048] : [least + Math.max(0, Math.ceil((mib - least) / step)) * step];
    return { Cpu: String(size), Memory: String(steps.find((one) => one >= mib) ?? least) };
  }
  throw new SlipwayError("spec_incomplete", `No task of Fargate has ${cpu} cores and ${memory}.`, {
    hint: "16 cores and 120Gi are the most: ask for less and for more instances.",
  });
}

/** A container as a task runs it. */
export interface ContainerOptions {
  readonly name: string;
  readonly image: string;
  /** Settings that are no secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables whose values ECS fetches with the execution role. */
  readonly secrets: readonly string[];
  /** Logical id of the log group. */
  readonly logs: string;
  readonly user?: string;
  /** What else it has. */
  readonly more?: Values;
}

/** A container without rights: its own user, read-only root, no capabilities, 64 MiB at /tmp to write to. */
export function container(context: Context, options: ContainerOptions): Values {
  const secrets = context.spec.secrets.filter(({ variable }) => options.secrets.includes(variable));
  return {
    Name: options.name,
    Image: options.image,
    Essential: true,
    User: options.user ?? "1000:1000",
    Privileged: false,
    ReadonlyRootFilesystem: true,
    LinuxParameters: {
      // A process 1 that forwards signals and reaps children, whatever the image has.
      InitProcessEnabled: true,
      Capabilities: { Drop: ["ALL"] },
      // On Fargate since January 2026: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tmpfs.html
      Tmpfs: [{ ContainerPath: "/tmp", Size: 64, MountOptions: ["nosuid", "nodev", "noexec"] }],
    },
    Environment: Object.entries(options.env).map(([Name, Value]) => ({ Name, Value })),
    ...(secrets.length === 0
      ? {}
      : {
          Secrets: secrets.map((secret) => ({
            Name: secret.variable,
            ValueFrom: sub(
              secret.place.field === undefined ? secretArn(secret) : `${secretArn(secret)}:${secret.place.field}::`,
            ),
          })),
        }),
    LogConfiguration: {
      LogDriver: "awslogs",
      Options: {
        "awslogs-group": ref(options.logs),
        "awslogs-region": ref("AWS::Region"),
        "awslogs-stream-prefix": options.name,
        // What CloudWatch does not take in time is dropped rather than waited for with every line that is written.
        mode: "non-blocking",
        "max-buffer-size": "16m",
      },
    },
    VersionConsistency: "enabled",
    ...options.more,
  };
}

/** A task and what it runs as. */
export interface TaskOptions {
  readonly family: string;
  readonly size: { readonly Cpu: string; readonly Memory: string };
  /** Logical ids of the roles: who starts it, and who it is. */
  readonly executionRole: string;
  readonly taskRole: string;
  readonly containers: readonly Values[];
  readonly volumes?: readonly Values[];
}

/** The definition of a task on Fargate. */
export function task(context: Context, options: TaskOptions): Resource {
  return {
    Type: "AWS::ECS::TaskDefinition",
    Properties: {
      Family: options.family,
      RequiresCompatibilities: ["FARGATE"],
      NetworkMode: "awsvpc",
      ...options.size,
      RuntimePlatform: {
        CpuArchitecture: context.aws.architecture === "arm64" ? "ARM64" : "X86_64",
        OperatingSystemFamily: "LINUX",
      },
      ExecutionRoleArn: attribute(options.executionRole, "Arn"),
      TaskRoleArn: attribute(options.taskRole, "Arn"),
      ContainerDefinitions: options.containers,
      ...(options.volumes ? { Volumes: options.volumes } : {}),
      Tags: tagsOf(context),
    },
  };
}

/** Where lines of a component are kept. */
export function logGroup(context: Context, component: string): Resource {
  return {
    Type: "AWS::Logs::LogGroup",
    // Lines outlive what wrote them: they say why it was taken away.
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      LogGroupName: `/slipway/${context.prefix}/${component}`,
      RetentionInDays: context.aws.logDays,
      Tags: tagsOf(context),
    },
  };
}
