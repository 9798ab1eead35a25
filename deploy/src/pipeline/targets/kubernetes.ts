import { seconds } from "@slipway/contracts/spec/quantity.ts";
import type { Spec } from "#spec/spec.ts";
import { contextOf, nameOf } from "../../targets/kubernetes/manifest.ts";
import { word } from "#render/shell.ts";
import { askHosts, type Connection, forEach, type TargetCommands } from "./commands.ts";

const APPLY = 'kubectl --kubeconfig "kube/$region" apply --server-side --field-manager slipway';
const FILE = "rendered/plain/all.yaml";
const COMPONENT = "app.kubernetes.io/component";

/** What is left out of a recorded object: what the cluster fills in, and what an autoscaler owns. */
const RECORD = `{apiVersion: "v1", kind: "List", items: [(if .kind == "List" then .items[] else . end)
    | select(.kind != "Job" and .kind != "Namespace")
    | del(.status, .metadata.managedFields, .metadata.resourceVersion, .metadata.uid, .metadata.generation,
          .metadata.creationTimestamp, .metadata.annotations["deployment.kubernetes.io/revision"])
    | if .kind == "Deployment" then del(.spec.replicas) else . end]}`;

/** `kubectl` in every region, the leading one first. */
export function kubernetesCommands(spec: Spec): TargetCommands {
  const context = contextOf(spec);
  const namespace = context.namespace ?? spec.name;
  const regions = regionsOf(spec);
  const inRegions = (...lines: readonly string[]): string => forEach("region", regions, lines);
  const kubectl = `kubectl --kubeconfig "kube/$region" --namespace ${namespace}`;
  const names = spec.services.map(({ name }) => nameOf(context, name));
  const wait = Math.max(...spec.services.map(startSeconds)) + 300;
  const rolled = names.map((name) => `${kubectl} rollout status deployment/${name} --timeout ${wait}s`);
  return {
    connect: connectionOf(spec, regions),
    observe: [
      `kubectl --kubeconfig kube/${regions[0] ?? "cluster"} get --filename ${FILE} --ignore-not-found --show-managed-fields --output json > observed.json`,
      `if [ ! -s observed.json ]; then echo '{"apiVersion": "v1", "kind": "List", "items": []}' > observed.json; fi`,
    ].join("\n"),
    record: [
      "mkdir -p state",
      inRegions(
        `kubectl --kubeconfig "kube/$region" get --filename ${FILE} --ignore-not-found --output json > state/all.json`,
        `if [ -s state/all.json ]; then jq '${RECORD}' state/all.json > "state/$region.json"; fi`,
      ),
    ].join("\n"),
    ...(spec.data.postgres === undefined ? {} : { migrate: migrateScript(inRegions, kubectl) }),
    apply: inRegions(`${APPLY} --filename ${FILE}`),
    verify: [
      inRegions(
        ...rolled,
        ...names.flatMap((name) => [
          `image=$(${kubectl} get deployment ${name} --output 'jsonpath={.spec.template.spec.containers[0].image}')`,
          `case "$image" in *"@$DIGEST") ;; *) echo "${name} runs $image" >&2; exit 1 ;; esac`,
        ]),
      ),
      ...askHosts(publicHosts(spec)),
    ].join("\n"),
    rollBack: inRegions(
      'if [ ! -s "state/$region.json" ]; then echo "Nothing ran in $region before."; continue; fi',
      `${APPLY} --force-conflicts --filename "state/$region.json"`,
      ...rolled,
    ),
  };
}

/** The leading region's database is everyone's: migrations run there. */
function migrateScript(inRegions: (...lines: readonly string[]) => string, kubectl: string): string {
  return [
    `job=$(awk '/^kind: Job$/ { found = 1 } found && /^  name: / { print $2; exit }' ${FILE})`,
    inRegions(
      `${APPLY} --filename ${FILE} --selector '${COMPONENT} in (namespace, network, secrets, migrate)'`,
      "deadline=$((SECONDS + 960))",
      `until [ "$(${kubectl} get job "$job" --output 'jsonpath={.status.succeeded}')" = 1 ]; do`,
      `  failed=$(${kubectl} get job "$job" --output 'jsonpath={.status.conditions[?(@.type=="Failed")].status}')`,
      '  if [ "$failed" = True ] || [ "$SECONDS" -gt "$deadline" ]; then',
      `    ${kubectl} logs "job/$job" --tail 100 >&2 || true`,
      '    echo "The migrations did not succeed in $region." >&2',
      "    exit 1",
      "  fi",
      "  sleep 5",
      "done",
    ),
  ].join("\n");
}

/** Seconds that an instance may take until it is ready. */
function startSeconds({ probes: { startup, readiness } }: Spec["services"][number]): number {
  return seconds(startup.period) * startup.failures + seconds(readiness.period) * readiness.failures;
}

function publicHosts({ services }: Spec): readonly (readonly [string, string])[] {
  return services.flatMap(({ access, probes }) => access.hosts.map((host) => [host, probes.readiness.path] as const));
}

function regionsOf({ environment: { regions } }: Spec): readonly string[] {
  return regions.length === 0 ? ["cluster"] : regions.map(word);
}

function connectionOf({ environment }: Spec, regions: readonly string[]): Connection {
  const { provider = "generic" } = environment.cluster ?? {};
  const name = word(environment.cluster?.name ?? "");
  const project = word(environment.project ?? "");
  const each = (command: string): string => `mkdir -p kube\n${forEach("region", regions, [command])}`;
  switch (provider) {
    case "gke":
      return {
        script: each(
          `KUBECONFIG="kube/$region" gcloud container clusters get-credentials ${name} --location "$region" --project ${project}`,
        ),
        gke: { cluster: environment.cluster?.name ?? "", project: environment.project ?? "", regions },
      };
    case "eks":
      return {
        script: each(`aws eks update-kubeconfig --name ${name} --region "$region" --kubeconfig "kube/$region"`),
      };
    case "aks":
      return {
        script: [
          "sudo az aks install-cli --only-show-errors",
          each(
            `az aks get-credentials --name ${name} --resource-group ${word(environment.delivery?.resourceGroup ?? "")} --subscription ${project} --file "kube/$region"`,
          ),
          'for file in kube/*; do kubelogin convert-kubeconfig --login azurecli --kubeconfig "$file"; done',
        ].join("\n"),
      };
    case "generic":
      // The runner is the user's own, and has one.
      return { script: each('cp "${KUBECONFIG:-$HOME/.kube/config}" "kube/$region"') };
  }
}
