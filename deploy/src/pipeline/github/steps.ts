import { cloudOfIdentity } from "@slipway/contracts/spec/pipeline.ts";
import type { Spec } from "#spec/spec.ts";
import { usesOf } from "../data/actions.ts";

/** A step of a job. */
export interface Step {
  readonly name: string;
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly run?: string;
}

/** The repository's files, without the token that fetched them. */
export const CHECKOUT: Step = {
  name: "Check out",
  uses: usesOf("checkout"),
  with: { "persist-credentials": false },
};

/** Who signs in, and where. */
export interface SignIn {
  readonly identity: string | undefined;
  readonly provider?: string | undefined;
  readonly tenant?: string | undefined;
  readonly environment?: Spec["environment"];
  /** A region of AWS. */
  readonly region?: string;
}

/** Changes the job's token for a cloud's that lives an hour at most: nothing is kept in the repository that could leak. */
export function signIn({ identity, provider, tenant, environment, region }: SignIn): readonly Step[] {
  const cloud = identity === undefined ? undefined : cloudOfIdentity(identity);
  if (identity === undefined || cloud === undefined) return [];
  switch (cloud) {
    case "google":
      return [
        {
          name: "Sign in to Google Cloud",
          uses: usesOf("google"),
          with: {
            workload_identity_provider: provider ?? "",
            service_account: identity,
            ...(environment?.project === undefined ? {} : { project_id: environment.project }),
          },
        },
      ];
    case "amazon":
      return [
        {
          name: "Sign in to AWS",
          uses: usesOf("amazon"),
          with: { "role-to-assume": identity, "aws-region": region ?? environment?.regions[0] ?? "us-east-1" },
        },
      ];
    case "azure":
      return [
        {
          name: "Sign in to Azure",
          uses: usesOf("azure"),
          with: {
            "client-id": identity,
            "tenant-id": tenant ?? "",
            ...(environment?.project === undefined
              ? { "allow-no-subscriptions": true }
              : { "subscription-id": environment.project }),
          },
        },
      ];
  }
}

/** Keeps files for later jobs and for people. */
export function upload(name: string, path: string, days: number, more: Pick<Step, "if"> = {}): Step {
  return {
    name: "Keep what was made",
    ...more,
    uses: usesOf("upload"),
    with: { name, path, "retention-days": days, "if-no-files-found": "error", "include-hidden-files": true },
  };
}
