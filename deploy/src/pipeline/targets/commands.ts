/**
 * What a platform's own tools do for a release. Scripts of bash, run one after the other in a folder that holds the rendered
 * files in `rendered/`; `DIGEST` is the image's. What one leaves for another is in `state/`.
 */
export interface TargetCommands {
  /** Signs in to what signing in to the cloud does not reach. */
  readonly connect?: Connection;
  /** Writes what is there into `observed.json` as `slipway plan --observed` reads it; absent: everything counts as new. */
  readonly observe?: string;
  /** Writes down what runs, so that it can be brought back. */
  readonly record: string;
  /** Brings the database to the new schema; absent: `apply` does. */
  readonly migrate?: string;
  readonly apply: string;
  /** Ends well when the release runs and answers. */
  readonly verify: string;
  readonly rollBack: string;
}

/** How a cluster is reached: by a script, or by Google's own step where there is one. Leaves a kubeconfig `kube/REGION` for each region. */
export interface Connection {
  readonly script: string;
  readonly gke?: { readonly cluster: string; readonly project: string; readonly regions: readonly string[] };
}

/** Asks public addresses until they answer, 5 minutes at most. */
export function askHosts(hosts: readonly (readonly [host: string, path: string])[]): readonly string[] {
  return hosts.map(
    ([host, path]) =>
      `curl --fail --silent --show-error --output /dev/null --retry 30 --retry-all-errors --retry-delay 5 --max-time 10 https://${host}${path}`,
  );
}

/** Runs lines for each of some words; one alone is no loop to shellcheck, so it stands in a list too. */
export function forEach(name: string, words: readonly string[], lines: readonly string[]): string {
  return [
    `${name}s=(${words.join(" ")})`,
    `for ${name} in "\${${name}s[@]}"; do`,
    ...lines.map((line) => `  ${line}`),
    "done",
  ].join("\n");
}
