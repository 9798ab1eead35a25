import { mebibytes } from "@slipway/contracts/spec/quantity.ts";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { type Context, tagsOf } from "./context.ts";
import { tableName } from "./iam.ts";
import { securityGroup } from "./security-groups.ts";
import {
  attribute,
  logical,
  type Output,
  ref,
  type Resource,
  type Resources,
  type Stack,
  sub,
  together,
  type Values,
} from "./template.ts";

/** What holds data, in a stack of its own that releases never touch; nothing when it is there already. Throws `spec_incomplete`. */
export function dataStack(context: Context): Stack | undefined {
  if (context.aws.data !== "managed") return undefined;
  if (context.spec.environment.regions.length > 1)
    throw new SlipwayError(
      "spec_incomplete",
      "Data that is managed lies in one region, and the environment has several.",
      {
        hint: "Make it by yourself (replicated as it must be) and set `aws.data: existing`, or name one region.",
      },
    );
  const resources = together(
    database(context),
    redis(context),
    bucket(context),
    backupBucket(context),
    tables(context),
  );
  return Object.keys(resources).length === 0
    ? undefined
    : { description: "Data", resources, outputs: outputs(context) };
}

function outputs({ spec: { data } }: Context): Readonly<Record<string, Output>> {
  return {
    ...(data.postgres === undefined
      ? {}
      : {
          DatabaseSecurityGroup: { value: ref("DatabaseSecurityGroup"), description: "Security group of the database" },
          DatabaseAddress: { value: attribute("Database", "Endpoint.Address"), description: "Host for DATABASE_URL" },
          DatabaseOwnerSecret: {
            value: attribute("Database", "MasterUserSecret.SecretArn"),
            description: "Secret with the owner's password, for MIGRATION_DATABASE_URL",
          },
        }),
    ...(data.redis === undefined
      ? {}
      : {
          RedisSecurityGroup: { value: ref("RedisSecurityGroup"), description: "Security group of Redis" },
          RedisAddress: {
            value: attribute("Redis", "PrimaryEndPoint.Address"),
            description: "Host for REDIS_URL (rediss)",
          },
          RedisTokenSecret: { value: ref("RedisToken"), description: "Secret with the password for REDIS_URL" },
        }),
  };
}

function database(context: Context): Resources {
  const { postgres } = context.spec.data;
  if (postgres === undefined) return {};
  const replicas = Array.from({ length: postgres.replicas }, (_none, index): [string, Resource] => [
    `DatabaseReplica${index + 1}`,
    {
      Type: "AWS::RDS::DBInstance",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: { ...instanceOf(context), SourceDBInstanceIdentifier: ref("Database") },
    },
  ]);
  return {
    DatabaseSecurityGroup: securityGroup(context, "Database", []),
    DatabaseSubnets: {
      Type: "AWS::RDS::DBSubnetGroup",
      Properties: {
        DBSubnetGroupDescription: `Database of ${context.prefix}`,
        SubnetIds: context.network.privateSubnets,
        Tags: tagsOf(context),
      },
    },
    DatabaseParameters: {
      Type: "AWS::RDS::DBParameterGroup",
      Properties: {
        Description: `Database of ${context.prefix}`,
        Family: `postgres${postgres.version}`,
        Parameters: {
          "rds.force_ssl": "1",
          max_connections: String(postgres.maxConnections),
          log_min_duration_statement: "1000",
        },
        Tags: tagsOf(context),
      },
    },
    Database: primary(context, postgres),
    ...Object.fromEntries(replicas),
  };
}

/** What the database and its replicas have in common. */
function instanceOf(context: Context): Values {
  return {
    DBInstanceClass: context.aws.databaseClass,
    PubliclyAccessible: false,
    StorageEncrypted: true,
    AutoMinorVersionUpgrade: true,
    CopyTagsToSnapshot: true,
    EnablePerformanceInsights: true,
    CACertificateIdentifier: "rds-ca-rsa2048-g1",
    Tags: tagsOf(context),
  };
}

function primary(context: Context, postgres: NonNullable<Context["spec"]["data"]["postgres"]>): Resource {
  const gibibytes = Math.max(20, Math.ceil(mebibytes(postgres.storage) / 1024));
  const { backups } = postgres;
  return {
    Type: "AWS::RDS::DBInstance",
    DeletionPolicy: "Snapshot",
    UpdateReplacePolicy: "Snapshot",
    Properties: {
      ...instanceOf(context),
      Engine: "postgres",
      // The major version alone: RDS takes the minor one that is best today and moves on by itself.
      EngineVersion: postgres.version,
      DBName: "slipway",
      Port: String(postgres.port),
      MasterUsername: "slipway_owner",
      ManageMasterUserPassword: true,
      AllocatedStorage: String(gibibytes),
      MaxAllocatedStorage: gibibytes * 5,
      StorageType: "gp3",
      MultiAZ: postgres.highAvailability,
      // Any second of these days can be gone back to; 35 are the most that RDS keeps.
      BackupRetentionPeriod: backups?.pointInTime === false ? 1 : Math.min(35, backups?.keepDays ?? 7),
      DeletionProtection: true,
      EnableCloudwatchLogsExports: ["postgresql", "upgrade"],
      DBParameterGroupName: ref("DatabaseParameters"),
      DBSubnetGroupName: ref("DatabaseSubnets"),
      VPCSecurityGroups: [ref("DatabaseSecurityGroup")],
    },
  };
}

/** Nodes by the MiB that they hold (https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Redis.html, node type specific parameters). */
const NODES = [
  ["cache.t4g.micro", 512],
  ["cache.t4g.small", 1402],
  ["cache.t4g.medium", 3164],
  ["cache.r7g.large", 13_384],
  ["cache.r7g.xlarge", 26_955],
  ["cache.r7g.2xlarge", 54_103],
  ["cache.r7g.4xlarge", 108_381],
  ["cache.r7g.8xlarge", 216_937],
] as const;

function redis(context: Context): Resources {
  const { redis: wanted } = context.spec.data;
  if (wanted === undefined) return {};
  const node = NODES.find(([, most]) => most >= mebibytes(wanted.memory))?.[0];
  if (node === undefined)
    throw new SlipwayError("spec_incomplete", `No node of ElastiCache that is made here holds ${wanted.memory}.`, {
      hint: "Make the cache by yourself and set `aws.data: existing`, or ask for less.",
    });
  return {
    RedisSecurityGroup: securityGroup(context, "Redis", []),
    RedisSubnets: {
      Type: "AWS::ElastiCache::SubnetGroup",
      Properties: {
        Description: `Redis of ${context.prefix}`,
        SubnetIds: context.network.privateSubnets,
        Tags: tagsOf(context),
      },
    },
    RedisToken: {
      Type: "AWS::SecretsManager::Secret",
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: {
        Description: `Password of the Redis of ${context.prefix}`,
        GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
        Tags: tagsOf(context),
      },
    },
    Redis: {
      Type: "AWS::ElastiCache::ReplicationGroup",
      DeletionPolicy: "Snapshot",
      UpdateReplacePolicy: "Snapshot",
      Properties: {
        ReplicationGroupDescription: `Redis of ${context.prefix}`,
        // Speaks Redis' protocol, Lua included.
        Engine: "valkey",
        EngineVersion: "8.0",
        CacheNodeType: node,
        NumCacheClusters: wanted.highAvailability ? 2 : 1,
        AutomaticFailoverEnabled: wanted.highAvailability,
        MultiAZEnabled: wanted.highAvailability,
        Port: wanted.port,
        TransitEncryptionEnabled: true,
        TransitEncryptionMode: "required",
        AtRestEncryptionEnabled: true,
        AuthToken: sub("{{resolve:secretsmanager:${RedisToken}}}"),
        AutoMinorVersionUpgrade: true,
        SnapshotRetentionLimit: wanted.snapshots ? 7 : 0,
        CacheSubnetGroupName: ref("RedisSubnets"),
        SecurityGroupIds: [ref("RedisSecurityGroup")],
        Tags: tagsOf(context),
      },
    },
  };
}

function bucketOf(context: Context, name: string, versioning: boolean, rules: readonly object[]): Resource {
  return {
    Type: "AWS::S3::Bucket",
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      BucketName: name,
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      VersioningConfiguration: { Status: versioning ? "Enabled" : "Suspended" },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: "abandoned-uploads",
            Status: "Enabled",
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
          ...rules,
        ],
      },
      Tags: tagsOf(context),
    },
  };
}

/** Nobody reaches the bucket without TLS. */
function onlyTls(bucketId: string): Resource {
  return {
    Type: "AWS::S3::BucketPolicy",
    Properties: {
      Bucket: ref(bucketId),
      PolicyDocument: {
        Version: "2012-10-17",
        Statement: [
          {
            Sid: "OnlyTls",
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [attribute(bucketId, "Arn"), sub(`\${${bucketId}.Arn}/*`)],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ],
      },
    },
  };
}

function bucket(context: Context): Resources {
  const { objects } = context.spec.data;
  if (objects === undefined) return {};
  const old = { Id: "old-versions", Status: "Enabled", NoncurrentVersionExpiration: { NoncurrentDays: 90 } };
  return {
    Files: bucketOf(context, objects.bucket, objects.versioning, objects.versioning ? [old] : []),
    FilesPolicy: onlyTls("Files"),
  };
}

function backupBucket(context: Context): Resources {
  const backups = context.spec.data.postgres?.backups;
  if (backups === undefined) return {};
  const expiry = {
    Id: "keep",
    Status: "Enabled",
    ExpirationInDays: backups.keepDays,
    NoncurrentVersionExpiration: { NoncurrentDays: Math.min(backups.keepDays, 30) },
  };
  return { Backups: bucketOf(context, backups.bucket, true, [expiry]), BackupsPolicy: onlyTls("Backups") };
}

function tables(context: Context): Resources {
  const entries = Object.entries(context.spec.data.tables ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const made = entries.map(([name, { key, sort, expires }]): Resources => {
    const keys = [key, ...(sort === undefined ? [] : [sort])];
    return {
      [`Table${logical(name)}`]: {
        Type: "AWS::DynamoDB::Table",
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
        Properties: {
          TableName: tableName(context, name),
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
          KeySchema: keys.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? "HASH" : "RANGE" })),
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true, SSEType: "KMS" },
          DeletionProtectionEnabled: true,
          ...(expires === undefined ? {} : { TimeToLiveSpecification: { AttributeName: expires, Enabled: true } }),
          Tags: tagsOf(context),
        },
      },
    };
  });
  return together(...made);
}
