import { z } from "zod";
import { alertsSchema } from "./alerts.ts";
import { awsSchema } from "./aws.ts";
import { cloudRunSchema } from "./cloud-run.ts";
import { dataSchema } from "./data.ts";
import { durationSchema } from "./duration.ts";
import { imagesSchema } from "./images.ts";
import { overlayOf } from "./overlay.ts";
import { deliverySchema } from "./pipeline.ts";
import { labelSchema, percentSchema, regionSchema, variableSchema } from "./quantity.ts";
import { secretReferenceSchema } from "./secret.ts";
import { servicesSchema } from "./service.ts";

/** Platforms that an environment can be on. */
export const TARGETS = ["cloud-run", "ecs", "kubernetes", "lambda", "railway", "compose"] as const;
export type TargetName = (typeof TARGETS)[number];

const analysisSchema = z
  .strictObject({
    errorRate: percentSchema
      .default(1)
      .describe("Per cent of 5xx answers of the new release at which it is rolled back"),
    p95: durationSchema.default("2s").describe("95th percentile of its answer time at which it is rolled back"),
    minRequests: z.int().min(1).max(1_000_000).default(100).describe("Requests before anything is judged"),
  })
  .prefault({});

const rolloutSchema = z
  .strictObject({
    strategy: z
      .enum(["rolling", "canary", "blue-green"])
      .default("rolling")
      .describe("How a release replaces the one before"),
    steps: z
      .array(percentSchema)
      .min(1)
      .max(20)
      .default([5, 25, 50])
      .describe("Per cent of requests in each step of a canary"),
    pause: durationSchema.default("5m").describe("Time that a step is watched"),
    analysis: analysisSchema.describe("When a release is bad"),
  })
  .prefault({});

const approvalsSchema = z
  .strictObject({
    required: z.int().min(0).max(10).default(0).describe("People who must agree before anything is applied"),
    groups: z.array(z.string().min(1).max(100)).max(20).default([]).describe("Who they may be"),
  })
  .prefault({});

const identitiesSchema = z
  .record(labelSchema, z.string().min(1).max(300))
  .describe(
    "Cloud identity (Google service account, AWS role ARN, Azure client id) of each service, of `backup` and of `secrets`",
  );

const clusterSchema = z.strictObject({
  provider: z
    .enum(["gke", "eks", "aks", "generic"])
    .default("generic")
    .describe("Whose Kubernetes it is: identities, gateway and secrets differ"),
  name: z.string().min(1).max(100).optional().describe("The cluster"),
  namespace: labelSchema.optional().describe("Namespace; absent: the file's name and the environment's"),
  gateway: z
    .strictObject({
      className: z.string().min(1).max(100).optional().describe("GatewayClass; absent: the provider's"),
      namespace: labelSchema.optional().describe("Namespace of the gateway's own pods, which may reach the services"),
      networks: z
        .array(z.cidrv4())
        .max(20)
        .optional()
        .describe("Networks that its requests come from, where it has no pods"),
      certificate: z
        .string()
        .min(1)
        .max(100)
        .default("tls")
        .describe("Secret with the certificate (GKE: certificate map)"),
    })
    .prefault({})
    .describe("Gateway API"),
  monitoring: labelSchema.default("monitoring").describe("Namespace of the Prometheus that scrapes"),
  identities: identitiesSchema.default({}),
  storageAccount: z
    .string()
    .regex(/^[a-z0-9]{3,24}$/)
    .optional()
    .describe("Azure storage account that the buckets are containers of"),
});

const gitopsSchema = z.strictObject({
  repository: z.url({ protocol: /^(https|ssh)$/ }).describe("Git repository that the rendered files are in"),
  path: z.string().min(1).max(300).describe("Folder of the Kustomize overlay in it"),
  revision: z.string().min(1).max(200).describe("Branch or tag"),
  project: z.string().min(1).max(100).default("default").describe("Project of Argo CD"),
});

/** One environment: where it is and what differs there. */
export const environmentSchema = z.strictObject({
  target: z.enum(TARGETS).describe("Platform"),
  stage: z
    .enum(["development", "staging", "production"])
    .optional()
    .describe("`APP_ENV`; absent: the environment's name if it is one of these, else production"),
  project: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("Google Cloud project, Azure subscription or Railway project"),
  account: z
    .string()
    .regex(/^\d{12}$/, { error: "must be the 12 digits of an AWS account" })
    .optional()
    .describe("AWS account"),
  regions: z.array(regionSchema).max(20).default([]).describe("Regions, the first one leads"),
  aws: awsSchema.optional().describe("For `ecs` and `lambda`"),
  cluster: clusterSchema.optional().describe("For `kubernetes`"),
  cloudRun: cloudRunSchema.optional().describe("For `cloud-run`"),
  gitops: gitopsSchema.optional().describe("For `kubernetes`: an Argo CD application is rendered too"),
  publish: z
    .string()
    .regex(/^\d{1,3}(\.\d{1,3}){3}:\d{1,5}$/, { error: "must be an address such as 127.0.0.1:8080" })
    .default("127.0.0.1:8080")
    .describe("For `compose`: address and port of the balancer"),
  delivery: deliverySchema.optional().describe("How the pipeline reaches it; absent: it does not"),
  approvals: approvalsSchema.describe("Who must agree"),
  rollout: rolloutSchema.describe("How releases go out"),
  budget: z
    .strictObject({
      monthly: z.number().positive().max(1e9).describe("US dollars a month, models included"),
      alertAt: z
        .array(percentSchema)
        .max(10)
        .default([50, 80, 100])
        .describe("Per cent of it at which people are told"),
    })
    .optional()
    .describe("Money"),
  secrets: z.record(variableSchema, secretReferenceSchema).default({}).describe("References that differ here"),
  overrides: overlayOf(
    z.strictObject({
      images: imagesSchema,
      services: servicesSchema,
      data: dataSchema,
      env: z.record(variableSchema, z.string().max(4096)),
      alerts: alertsSchema,
    }),
  )
    .optional()
    .describe(
      "What differs here of `images`, `services`, `data`, `env` and `alerts`: the same shape, only what differs; null takes away",
    ),
});
export type EnvironmentSpec = z.output<typeof environmentSchema>;
