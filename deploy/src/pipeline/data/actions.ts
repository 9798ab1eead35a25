/** An action at one commit. */
export interface PinnedAction {
  readonly name: string;
  readonly commit: string;
  readonly version: string;
}

/**
 * The actions that pipelines use, each by the commit of a release. Read on 2026-11-21 in
 * https://github.com/michael-k/quarantined-actions (README.md, versions-sha.txt, aws-actions-versions-sha.txt and
 * azure-versions-sha.txt at 192397bf2898f369f5429c7f0be1cfa0f34d8943, 37f95396cb2c1d71d55069e10d73038d70f34ab6 and
 * 488e5fabeebfe3a4fd9499504ffd05a45da0b090), which lists releases whose commit has not moved for 14 days; most were found at the
 * same commit in workflows of other public repositories. Look again by 2027-05-31.
 */
export const ACTIONS = {
  checkout: { name: "actions/checkout", commit: "3d3c42e5aac5ba805825da76410c181273ba90b1", version: "v7.0.1" },
  upload: { name: "actions/upload-artifact", commit: "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", version: "v7.0.1" },
  download: {
    name: "actions/download-artifact",
    commit: "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    version: "v8.0.1",
  },
  google: {
    name: "google-github-actions/auth",
    commit: "7c6bc770dae815cd3e89ee6cdf493a5fab2cc093",
    version: "v3.0.0",
  },
  gke: {
    name: "google-github-actions/get-gke-credentials",
    commit: "3da1e46a907576cefaa90c484278bb5b259dd395",
    version: "v3.0.0",
  },
  amazon: {
    name: "aws-actions/configure-aws-credentials",
    commit: "e6de054238d6b7531b4efff3b6587d9aade6a06c",
    version: "v6.2.3",
  },
  azure: { name: "azure/login", commit: "a641126d1b8aa4d1fa005f4f92df94a3a4c4c906", version: "v3.1.0" },
} as const satisfies Readonly<Record<string, PinnedAction>>;

const VERSIONS: ReadonlyMap<string, string> = new Map(
  Object.values(ACTIONS).map(({ name, commit, version }) => [`${name}@${commit}`, version]),
);

/** What `uses:` says. */
export function usesOf(action: keyof typeof ACTIONS): string {
  const { name, commit } = ACTIONS[action];
  return `${name}@${commit}`;
}

/** A workflow's text with the version of every action beside its commit, for people and for what keeps pins fresh. */
export function withVersions(text: string): string {
  return text.replace(/(uses: )(\S+@[0-9a-f]{40})$/gm, (line, _key: string, uses: string) => {
    const version = VERSIONS.get(uses);
    return version === undefined ? line : `${line} # ${version}`;
  });
}
