import { SlipwayError } from "@slipway/contracts/errors.ts";
import { seconds } from "@slipway/contracts/spec/quantity.ts";
import { alarm } from "./alarm.ts";
import type { Context } from "./context.ts";
import { tagsOf } from "./context.ts";
import { awsSchedule } from "./cron.ts";
import { loggedEvents } from "./events.ts";
import { container, task, taskSize } from "./fargate.ts";
import { allow, pullImages, readSecrets, role, TASKS, writeLogs } from "./iam.ts";
import { between, securityGroup } from "./security-groups.ts";
import { attribute, identifier, ref, type Resource, type Resources, sub, type Values } from "./template.ts";

const SECRETS = ["BACKUP_DATABASE_URL"];
const NFS = 2049;

/** A dump every day, read back before it is uploaded to S3 with the task's own role. */
export function backup(context: Context): Resources {
  const backups = context.spec.data.postgres?.backups;
  if (backups === undefined || !context.leads) return {};
  return {
    ...disk(context),
    ...dumpTask(context, backups.bucket),
    ...schedule(context, backups.schedule),
    ...watch(context),
  };
}

/** The image by digest. Throws `spec_incomplete`. */
function imageOf({ spec }: Context, name: "postgres" | "rclone", purpose: string): string {
  const image = spec.images[name];
  if (image?.includes("@sha256:")) return image;
  throw new SlipwayError("spec_incomplete", `The file does not say which image does ${purpose}, by digest.`, {
    hint: `Add \`images: { ${name}: registry.example/${name}@sha256:… }\`.`,
  });
}

/**
 * Where a dump lies until it is uploaded. Volumes of Fargate's own belong to root and hold 200 GiB at most; this one belongs to uid
 * 1000 and grows. It is encrypted, and nothing stays on it.
 */
function disk(context: Context): Resources {
  const [ingress, egress] = between(
    context,
    [ref("WorkloadSecurityGroup"), ref("BackupDiskSecurityGroup")],
    NFS,
    "Backups",
  );
  const targets = context.network.privateSubnets.map((SubnetId): [string, Resource] => [
    targetId(SubnetId),
    {
      Type: "AWS::EFS::MountTarget",
      Properties: { FileSystemId: ref("BackupDisk"), SubnetId, SecurityGroups: [ref("BackupDiskSecurityGroup")] },
    },
  ]);
  return {
    BackupDiskSecurityGroup: securityGroup(context, "Disk of backups", []),
    BackupDiskFromWorkload: ingress,
    WorkloadToBackupDisk: egress,
    BackupDisk: {
      Type: "AWS::EFS::FileSystem",
      Properties: {
        Encrypted: true,
        PerformanceMode: "generalPurpose",
        ThroughputMode: "elastic",
        BackupPolicy: { Status: "DISABLED" },
        // Services share the backup's network; without this whoever reaches the disk could mount it.
        FileSystemPolicy: {
          Version: "2012-10-17",
          Statement: [
            {
              Sid: "Backup",
              Effect: "Allow",
              Principal: { AWS: attribute("BackupRole", "Arn") },
              Action: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
              Resource: "*",
              Condition: { Bool: { "aws:SecureTransport": "true" } },
            },
          ],
        },
        FileSystemTags: tagsOf(context),
      },
    },
    BackupDiskAccess: {
      Type: "AWS::EFS::AccessPoint",
      Properties: {
        FileSystemId: ref("BackupDisk"),
        PosixUser: { Uid: "1000", Gid: "1000" },
        RootDirectory: { Path: "/backup", CreationInfo: { OwnerUid: "1000", OwnerGid: "1000", Permissions: "0700" } },
        AccessPointTags: tagsOf(context),
      },
    },
    ...Object.fromEntries(targets),
  };
}

function targetId(subnet: string): string {
  return `BackupDiskIn${identifier(subnet)}`;
}

// rclone compares checksums; the last line fails when the object is not there. The dump is taken away in any case.
const UPLOAD = [
  'object="$FOLDER/$(date -u +%Y/%m/%d/%H%M%SZ).dump"',
  'rclone moveto --immutable --retries 5 /backup/dump "$object"',
  'rclone lsf --format s "$object" | grep -q "^[1-9]"',
].join("\n");

function containers(context: Context, bucket: string): readonly Values[] {
  const { spec } = context;
  const postgres = imageOf(context, "postgres", "pg_dump of backups");
  const rclone = imageOf(context, "rclone", "uploading backups");
  const MountPoints = [{ SourceVolume: "backup", ContainerPath: "/backup", ReadOnly: false }];
  const after = (name: string) => ({ DependsOn: [{ ContainerName: name, Condition: "SUCCESS" }] });
  const base = { secrets: [] as readonly string[], logs: "StepLogs", env: {} };
  return [
    container(context, {
      ...base,
      name: "dump",
      image: postgres,
      secrets: SECRETS,
      more: {
        Essential: false,
        // A shell, because ECS fills in no variables of commands.
        EntryPoint: ["/bin/sh", "-euc"],
        Command: ['exec pg_dump --format=custom --file=/backup/dump --dbname="$BACKUP_DATABASE_URL"'],
        MountPoints,
      },
    }),
    // A dump that cannot be read is no backup.
    container(context, {
      ...base,
      name: "verify",
      image: postgres,
      more: {
        Essential: false,
        Command: ["pg_restore", "--list", "--file=/tmp/list", "/backup/dump"],
        MountPoints,
        ...after("dump"),
      },
    }),
    container(context, {
      ...base,
      name: "upload",
      image: rclone,
      env: {
        FOLDER: `:s3:${bucket}/${spec.name}`,
        HOME: "/tmp",
        RCLONE_S3_ENV_AUTH: "true",
        RCLONE_S3_NO_CHECK_BUCKET: "true",
        RCLONE_S3_PROVIDER: "AWS",
        RCLONE_S3_REGION: context.region,
      },
      more: { EntryPoint: ["/bin/sh", "-euc"], Command: [UPLOAD], MountPoints, ...after("verify") },
    }),
  ];
}

function dumpTask(context: Context, bucket: string): Resources {
  const { images } = context.spec;
  const arn = `arn:\${AWS::Partition}:s3:::${bucket}`;
  return {
    BackupExecutionRole: role(
      context,
      "ecs-tasks.amazonaws.com",
      [
        writeLogs("StepLogs"),
        ...pullImages([images.postgres ?? "", images.rclone ?? ""]),
        ...readSecrets(context, SECRETS),
      ],
      { sourceArn: TASKS },
    ),
    BackupRole: role(
      context,
      "ecs-tasks.amazonaws.com",
      [
        // It deletes nothing: the bucket's versions outlive whoever takes it over.
        allow(
          "Backups",
          ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"],
          sub(`${arn}/${context.spec.name}/*`),
        ),
        allow("BackupsList", ["s3:ListBucket"], sub(arn), {
          StringLike: { "s3:prefix": [`${context.spec.name}/*`] },
        }),
      ],
      { sourceArn: TASKS },
    ),
    BackupTask: task(context, {
      family: `${context.prefix}-backup`,
      size: taskSize(1, "2Gi"),
      executionRole: "BackupExecutionRole",
      taskRole: "BackupRole",
      containers: containers(context, bucket),
      volumes: [
        {
          Name: "backup",
          EFSVolumeConfiguration: {
            FilesystemId: ref("BackupDisk"),
            TransitEncryption: "ENABLED",
            AuthorizationConfig: { AccessPointId: ref("BackupDiskAccess"), IAM: "ENABLED" },
          },
        },
      ],
    }),
  };
}

function schedule(context: Context, cron: string): Resources {
  return {
    BackupSchedulerRole: role(context, "scheduler.amazonaws.com", [
      allow("Run", ["ecs:RunTask"], [ref("BackupTask")], { ArnEquals: { "ecs:cluster": attribute("Cluster", "Arn") } }),
      allow(
        "Tags",
        ["ecs:TagResource"],
        sub(`arn:\${AWS::Partition}:ecs:\${AWS::Region}:\${AWS::AccountId}:task/${context.prefix}/*`),
      ),
      allow("Roles", ["iam:PassRole"], [attribute("BackupExecutionRole", "Arn"), attribute("BackupRole", "Arn")], {
        StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
      }),
    ]),
    BackupSchedule: {
      Type: "AWS::Scheduler::Schedule",
      DependsOn: context.network.privateSubnets.map(targetId),
      Properties: {
        Description: `Backup of ${context.prefix}`,
        ScheduleExpression: awsSchedule(cron),
        ScheduleExpressionTimezone: "UTC",
        FlexibleTimeWindow: { Mode: "OFF" },
        State: "ENABLED",
        Target: {
          Arn: attribute("Cluster", "Arn"),
          RoleArn: attribute("BackupSchedulerRole", "Arn"),
          RetryPolicy: { MaximumEventAgeInSeconds: seconds("1h"), MaximumRetryAttempts: 3 },
          EcsParameters: {
            TaskDefinitionArn: ref("BackupTask"),
            TaskCount: 1,
            LaunchType: "FARGATE",
            PlatformVersion: "LATEST",
            PropagateTags: "TASK_DEFINITION",
            NetworkConfiguration: {
              AwsvpcConfiguration: {
                AssignPublicIp: "DISABLED",
                SecurityGroups: [ref("WorkloadSecurityGroup")],
                Subnets: context.network.privateSubnets,
              },
            },
          },
        },
      },
    },
  };
}

/** Tells when for 26 hours no backup has ended well. What never ran tells nothing by itself, so its absence is watched. */
function watch(context: Context): Resources {
  return {
    BackupDone: loggedEvents(context, `A backup of ${context.prefix} has been uploaded`, {
      source: ["aws.ecs"],
      "detail-type": ["ECS Task State Change"],
      detail: {
        clusterArn: [attribute("Cluster", "Arn")],
        taskDefinitionArn: [ref("BackupTask")],
        lastStatus: ["STOPPED"],
        containers: { name: ["upload"], exitCode: [0] },
      },
    }),
    BackupMissing: alarm(context, {
      description: "No backup of the database has succeeded for 26 hours",
      metrics: [
        { id: "done", metric: ["AWS/Events", "TriggeredRules", { RuleName: ref("BackupDone") }], statistic: "Sum" },
      ],
      period: 3600,
      evaluate: 26,
      below: 1,
      missing: "breaching",
    }),
  };
}
