import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TARGETS, type TargetName } from "@slipway/contracts/spec/environment.ts";
import { readSlipwayYaml } from "@slipway/contracts/spec/read-yaml.ts";

/** What is rendered: one file, and for each target the environment that is made for it. */
export interface Largest {
  readonly example: string;
  readonly text: string;
  readonly environments: readonly { readonly target: TargetName; readonly environment: string }[];
}

/*
 * master-agent has no environment for two of the targets. These are added to its text, in memory: its secrets lie with AWS as in
 * its environment `amazon`, a function gets no work between requests, and Railway takes neither dumps nor a second instance.
 */
const ADDED: Readonly<Record<string, string>> = {
  "master-agent": `
  bench-lambda:
    target: lambda
    account: "123456789012"
    regions: [eu-central-1]
    aws:
      networks:
        eu-central-1:
          vpc: vpc-0a1b2c3d4e5f60718
          privateSubnets: [subnet-0a1b2c3d4e5f60711, subnet-0a1b2c3d4e5f60712]
          certificate: arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9
      data: managed
      hostedZone: Z0123456789ABCDEFGHIJ
      alarmEmails: [platform@acme.example]
    rollout: { strategy: canary, steps: [10], pause: 10m }
    budget: { monthly: 500 }
    secrets: *aws
    overrides:
      images:
        app: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/slipway-lambda@sha256:0d1b6f5c9b3b8bfb2b4c0a4a3e6a4d0d3a8f1c7d6e5b4a392817061504f3e2d1
      services: { agent: { roles: [router, memory, agents], timeout: 29s } }
  bench-railway:
    target: railway
    project: 7f3c2c1e-5a0b-4d57-9a55-6d0f3f6f1c11
    regions: [europe-west4-drams3a]
    secrets: *aws
    overrides:
      services: { agent: { scale: { min: 1, max: 1 } } }
      data: { postgres: { backups: null } }
`,
};

/** The example with the longest spec, and for every target the last of its environments that is made for it. Throws when there is none. */
export function largestExample(folder: string): Largest {
  const sizes = readdirSync(folder).flatMap((example) => {
    const found = statSync(join(folder, example, "slipway.yaml"), { throwIfNoEntry: false });
    return found === undefined ? [] : [{ example, size: found.size }];
  });
  const example = sizes.sort((a, b) => b.size - a.size)[0]?.example ?? "";
  const written = readFileSync(join(folder, example, "slipway.yaml"), "utf8");
  const text = `${written.trimEnd()}${ADDED[example] ?? ""}`;
  const all = Object.entries(readSlipwayYaml(text, example).spec.environments ?? {});
  const environments = TARGETS.map((target) => {
    const environment = all.findLast(([, value]) => value.target === target)?.[0];
    if (environment === undefined)
      throw new Error(`${example} has no environment for ${target}: add one to the bench.`);
    return { target, environment };
  });
  return { example, text, environments };
}
