import { commands } from "#render/commands.ts";
import type { Service } from "#spec/spec.ts";
import type { Runbook } from "../target.ts";
import { type Context, nameOf } from "./manifest.ts";

/** What people do with kubectl, Kustomize and Helm alone. */
export function runbook(context: Context): Runbook {
  const { spec } = context;
  const namespace = context.namespace ?? spec.name;
  const [service] = spec.services;
  return {
    needs: `\`kubectl\` ≥ 1.30 with a context that may administer the namespace ${namespace}. In the cluster: Gateway API, External Secrets, the Prometheus operator and the VPA's CRD. Make the namespace the context's own, the commands below leave it out:\n\n${commands(`kubectl config set-context --current --namespace=${namespace}`)}`,
    bootstrap: `Secrets lie in the cloud's secret manager; the operator fetches them with the account \`${nameOf(context, "secrets")}\`.\n\n${commands(
      "kubectl apply --server-side --dry-run=server -f plain/all.yaml",
      "kubectl apply --server-side -f plain/all.yaml",
      "kubectl get secretstores,externalsecrets    # each must be Ready",
    )}`,
    deploy: deploy(context, namespace),
    rollBack: rollBack(context),
    callPrivate: `No route leads to a private service. Through the API server, with your own rights:\n\n${commands(
      `kubectl port-forward service/${nameOf(context, service?.name ?? "")} 8080:${service?.port ?? 8080} &`,
      "curl --fail http://127.0.0.1:8080/health",
      'curl --fail -H "Authorization: Bearer $API_KEY" http://127.0.0.1:8080/v1/models',
    )}\nOther pods reach it when a NetworkPolicy in \`plain/all.yaml\` lets them in; their identity is the key that the server asks for.\n`,
    debug: debug(context, service),
  };
}

function deploy(context: Context, namespace: string): string {
  const { spec } = context;
  const waits = spec.services.map(
    ({ name }) => `kubectl rollout status deployment/${nameOf(context, name)} --timeout=10m`,
  );
  const migrates = spec.data.postgres !== undefined;
  const how = `One of three ways, all of which make the same objects.${migrates ? " The migration is a Job with a name for each image: give it another one with the image." : ""}\n\n`;
  return `${how}${commands(
    "# plain: write the new digest into plain/all.yaml",
    "kubectl diff --server-side -f plain/all.yaml",
    "kubectl apply --server-side -f plain/all.yaml",
    ...(migrates
      ? [`kubectl wait --for=condition=complete --timeout=15m job -l app.kubernetes.io/component=migrate`]
      : []),
    ...waits,
    "# Kustomize",
    `kubectl apply --server-side -k kustomize/overlays/${spec.environmentName ?? "default"}`,
    "# Helm: image, scale, resources and hosts are values",
    `helm upgrade --install ${spec.name} helm/${spec.name} --namespace ${namespace} --wait --timeout 15m --set image=REGISTRY/NAME@sha256:DIGEST`,
  )}`;
}

function rollBack(context: Context): string {
  const [first] = context.spec.services;
  return `Pods of the last good release come up before those of the bad one go.\n\n${commands(
    `kubectl rollout history deployment/${nameOf(context, first?.name ?? "")}`,
    "# slipway: ignore rollback-past-migration because each release works with the schema of the next one",
    `kubectl rollout undo ${context.spec.services.map(({ name }) => `deployment/${nameOf(context, name)}`).join(" ")}`,
    ...context.spec.services.map(
      ({ name }) => `kubectl rollout status deployment/${nameOf(context, name)} --timeout=10m`,
    ),
    "# with Helm",
    `helm rollback ${context.spec.name} --wait`,
  )}\nWrite the old digest back into the files, or the next apply brings the bad release again. Migrations are not undone: each release works with the schema of the next one.\n`;
}

function debug(context: Context, service: Service | undefined): string {
  const name = nameOf(context, service?.name ?? "");
  const of = `-l app.kubernetes.io/name=${context.spec.name},app.kubernetes.io/component=${service?.name ?? ""}`;
  return commands(
    "# What runs, what the scheduler and the probes say",
    "kubectl get deployments,pods,jobs,cronjobs,hpa,gateways,httproutes",
    `kubectl describe pods ${of}`,
    "kubectl get events --sort-by=.lastTimestamp",
    "# Errors of the last hour; --previous: of the container that ended",
    `kubectl logs ${of} --since=1h --prefix | grep '"level":"error"'`,
    `kubectl logs deployment/${name} --previous`,
    "# Memory: OOMKilled stands in the last state",
    `kubectl get pods ${of} -o jsonpath='{range .items[*]}{.metadata.name}{" "}{.status.containerStatuses[0].lastState.terminated.reason}{"\\n"}{end}'`,
    `kubectl top pods ${of}`,
    "# Secrets: whether they were fetched, and why not",
    "kubectl get externalsecrets",
    "kubectl describe secretstores",
    "# Readiness as the server says it: database, migrations",
    `kubectl get --raw "/api/v1/namespaces/$(kubectl config view --minify -o jsonpath='{..namespace}')/services/${name}:http/proxy/ready"`,
    "# The migration",
    "kubectl logs -l app.kubernetes.io/component=migrate --tail=100",
  );
}
