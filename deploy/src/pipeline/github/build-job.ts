import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { PipelineSpec } from "@slipway/contracts/spec/pipeline.ts";
import type { Line } from "../pipeline.ts";
import { registrySignIn } from "../registry.ts";
import { buildScript, PUSH, scanArguments, toolImage } from "../scripts.ts";
import { CHECKOUT, signIn, type Step, upload } from "./steps.ts";

/** A job of a workflow. */
export type Job = Readonly<Record<string, unknown>>;

/** The tools' containers get the one file that they need, and no way to the engine. */
export function imageSteps(settings: PipelineSpec): readonly Step[] {
  return [
    { name: "Build the image", run: buildScript(settings) },
    {
      name: "List what is in it (SBOM)",
      run: [
        'docker run --rm --network none --volume "$PWD/image.tar:/image.tar:ro" \\',
        `  ${toolImage(settings, "syft")} docker-archive:/image.tar --output spdx-json > sbom.spdx.json`,
      ].join("\n"),
    },
    {
      name: "Look for vulnerabilities that have a fix",
      run: [
        'docker run --rm --volume "$PWD/sbom.spdx.json:/sbom.spdx.json:ro" \\',
        `  ${toolImage(settings, "grype")} sbom:/sbom.spdx.json ${scanArguments(settings).join(" ")}`,
      ].join("\n"),
    },
  ];
}

/** Minutes of a time, rounded up. */
export function minutes(time: string): number {
  return Math.ceil(seconds(time) / 60);
}

/** Builds, looks at what was built, pushes it and says under which digest. */
export function buildJob(settings: PipelineSpec, { image, registry }: Line): Job {
  const { build } = settings;
  const github = registry.kind === "github";
  const region = registry.kind === "amazon" ? { region: registry.region } : {};
  return {
    name: "Build, scan and push the image",
    "runs-on": "ubuntu-24.04",
    "timeout-minutes": minutes(build.timeout),
    permissions: { contents: "read", ...(github ? { packages: "write" } : { "id-token": "write" }) },
    env: { IMAGE: image, COMMIT: "${{ github.sha }}" },
    outputs: { digest: "${{ steps.push.outputs.digest }}" },
    steps: [
      CHECKOUT,
      { name: "Check slipway.yaml", run: `${settings.command} spec check --spec ${settings.spec}` },
      ...imageSteps(settings),
      upload("sbom", "sbom.spdx.json", 90),
      ...signIn({ identity: build.identity, provider: build.provider, tenant: build.tenant, ...region }),
      {
        name: "Sign in to the registry",
        ...(github ? { env: { GH_TOKEN: "${{ github.token }}" } } : {}),
        run: registrySignIn(registry),
      },
      { name: "Push", id: "push", run: `${PUSH}\necho "digest=$digest" >> "$GITHUB_OUTPUT"` },
    ],
  };
}
