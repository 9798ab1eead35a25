import { z } from "zod";
import { durationSchema } from "./duration.ts";
import { imageSchema } from "./images.ts";
import { labelSchema } from "./quantity.ts";

const GOOGLE = /^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9.-]{4,60}\.iam\.gserviceaccount\.com$/;
const AMAZON = /^arn:aws(-[a-z-]+)?:iam::\d{12}:role\/[\w+=,.@/-]{1,128}$/;
const AZURE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whose an identity is, by its form; undefined for what is none. */
export function cloudOfIdentity(text: string): "google" | "amazon" | "azure" | undefined {
  if (GOOGLE.test(text)) return "google";
  if (AMAZON.test(text)) return "amazon";
  return AZURE.test(text) ? "azure" : undefined;
}

const identitySchema = z.string().refine((text) => cloudOfIdentity(text) !== undefined, {
  error:
    "must be an identity of a cloud, never a key: name@project.iam.gserviceaccount.com, arn:aws:iam::123456789012:role/name or an Azure client id",
});
const providerSchema = z
  .string()
  .regex(
    /^projects\/\d{1,20}\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/,
    {
      error: "must be projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
    },
  );
const tenantSchema = z.string().regex(AZURE, { error: "must be the id of an Azure tenant" });
const pathSchema = z
  .string()
  .regex(/^(?!\/)(?!.*\.\.)[\w./-]{1,200}$/, { error: "must be a path below the repository" });

/** Who the pipeline is to a cloud, which trusts the tokens that the pipeline's service signs: nothing is kept that could leak. */
const trust = {
  provider: providerSchema.optional().describe("Google: the workload identity provider that trusts the repository"),
  tenant: tenantSchema.optional().describe("Azure: the tenant"),
};

/** How what is committed comes to its environments. */
export const pipelineSchema = z.strictObject({
  kind: z.enum(["github-actions", "cloud-build"]).describe("Whose pipeline"),
  command: z
    .string()
    .regex(/^[\w./-]{1,100}$/, { error: "must be a command without arguments" })
    .default("./slipway")
    .describe("How the pipeline calls Slipway"),
  spec: pathSchema.default("slipway.yaml").describe("This file, from the root of the repository"),
  context: pathSchema.default(".").describe("Folder that the image is built from"),
  dockerfile: pathSchema.default("Dockerfile").describe("Its Dockerfile"),
  build: z
    .strictObject({
      identity: identitySchema.optional().describe("Pushes images; not needed for ghcr.io"),
      ...trust,
      timeout: durationSchema.default("30m").describe("For building, scanning and pushing"),
    })
    .prefault({})
    .describe("Builds and pushes the image"),
  failOn: z
    .enum(["critical", "high", "medium", "low"])
    .default("high")
    .describe("Severity of a vulnerability with a fix from which the image is not pushed"),
  repository: z
    .string()
    .regex(/^projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+\/connections\/[\w-]+\/repositories\/[\w.-]+$/, {
      error: "must be projects/P/locations/L/connections/C/repositories/R",
    })
    .optional()
    .describe("For `cloud-build`: the repository, as Cloud Build knows it"),
  images: z
    .strictObject({
      cli: imageSchema
        .optional()
        .describe(
          "For `cloud-build`: bash, gcloud, docker, jq and, for GKE, kubectl with gke-gcloud-auth-plugin, by digest",
        ),
      node: imageSchema.optional().describe("For `cloud-build`: Node ≥ 24 and npm; absent: Docker Hub's, by digest"),
      syft: imageSchema.optional().describe("Lists what the image holds; absent: Anchore's, by digest"),
      grype: imageSchema.optional().describe("Looks for vulnerabilities; absent: Anchore's, by digest"),
    })
    .prefault({})
    .describe("Images of the pipeline's own tools, for mirrors"),
});
export type PipelineSpec = z.output<typeof pipelineSchema>;

/** How the pipeline reaches one environment. */
export const deliverySchema = z.strictObject({
  branch: z
    .string()
    .regex(/^[A-Za-z0-9][\w./-]{0,99}$/, { error: "must be the name of a branch" })
    .describe("Branch whose commits go there"),
  after: labelSchema.optional().describe("Environment of the same branch that the same image must have reached before"),
  identity: identitySchema.optional().describe("Changes the environment"),
  planner: identitySchema.optional().describe("Looks at it for the plan, and can change nothing; absent: `identity`"),
  ...trust,
  resourceGroup: z
    .string()
    .regex(/^[\w.()-]{1,90}$/, { error: "must be the name of a resource group" })
    .optional()
    .describe("Azure: resource group of the cluster"),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.{}-]{1,71}[a-z0-9}]$/, {
      error: "must be the name of a bucket, in which {region} may stand",
    })
    .optional()
    .describe("AWS: bucket that templates go to on their way, `{region}` in it for one in each region"),
  runner: z
    .array(z.string().regex(/^[\w.-]{1,100}$/, { error: "must be a label of a runner" }))
    .min(1)
    .max(10)
    .default(["ubuntu-24.04"])
    .describe("For `github-actions`: labels of the runner; one of your own for what the internet does not reach"),
  timeout: durationSchema.default("45m").describe("For migrating, applying and verifying"),
});
export type DeliverySpec = z.output<typeof deliverySchema>;
