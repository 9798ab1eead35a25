import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import type { World } from "../subjects/world.ts";
import { LabelIndex, labelsOf, SelectorIndex } from "../subjects/labels.ts";
import type { KubernetesObject, Pod } from "../subjects/topics.ts";
import { scaledNames } from "./workloads.ts";

/** Rules about who owns the number and size of replicas, and who may speak to whom. */
export const SCALING_AND_NETWORK_RULES: readonly Rule[] = [
  rule(
    "object",
    {
      id: "autoscaled-replicas-fixed",
      severity: "error",
      what: "The workload fixes replicas although a HorizontalPodAutoscaler owns them.",
      why: "Each apply throws the autoscaler's number away, often in the middle of the load.",
      fix: "Take spec.replicas out of the manifest.",
      source: REFERENCES.horizontalAutoscaling,
      mends: true,
    },
    (object, say, world) => {
      const replicas = object.node.get("spec", "replicas");
      if (replicas.exists && world.once("scaled", scaledNames).has(`${object.kind}/${object.name}`))
        say(replicas, { edit: replicas.remove() });
    },
  ),
  rule(
    "world",
    {
      id: "autoscalers-fight",
      severity: "error",
      what: "A horizontal and a vertical autoscaler act on the same resource metric of the same workload.",
      why: "More replicas lower the use, which shrinks the requests, which raises the use: they never settle.",
      fix: 'Let the VPA recommend only (updateMode: "Off"), or restrict its controlledResources to what the HPA does not look at.',
      source: REFERENCES.verticalAutoscaling,
    },
    (world, say) => {
      const scaled = world.once("scaled", scaledNames);
      for (const { node } of world.objects("VerticalPodAutoscaler")) {
        const target = node.get("spec", "targetRef");
        const scaler = scaled.get(`${target.get("kind").text}/${target.get("name").text}`);
        const mode = node.get("spec", "updatePolicy", "updateMode");
        if (scaler === undefined || mode.text === "Off" || mode.text === "Initial") continue;
        const metrics = new Set(
          scaler.node
            .get("spec", "metrics")
            .items()
            .map((each) => each.get("resource", "name").text),
        );
        if (scaler.node.get("spec", "targetCPUUtilizationPercentage").exists) metrics.add("cpu");
        const policies = node.get("spec", "resourcePolicy", "containerPolicies").items();
        const controlled =
          policies.length === 0
            ? ["cpu", "memory"]
            : policies.flatMap((each) =>
                each.has("controlledResources") ? each.get("controlledResources").texts() : ["cpu", "memory"],
              );
        if (controlled.some((each) => metrics.has(each))) say(mode.exists ? mode : node.get("spec"));
      }
    },
  ),
  rule(
    "object",
    {
      id: "vpa-mode-auto",
      severity: "warning",
      what: 'The update mode "Auto" of the VerticalPodAutoscaler is deprecated.',
      why: "It is to be removed from the API, and today it means Recreate: pods are evicted.",
      fix: "Say what is meant: Off, Initial, Recreate or InPlaceOrRecreate.",
      source: REFERENCES.vpaModes,
      review: "2027-06-30",
      mends: true,
    },
    ({ kind, node }, say) => {
      const mode = node.get("spec", "updatePolicy", "updateMode");
      if (kind === "VerticalPodAutoscaler" && mode.text === "Auto") say(mode, { edit: mode.replaceBy('"Recreate"') });
    },
  ),
  rule(
    "object",
    {
      id: "network-policy-without-dns",
      severity: "error",
      what: "The policy restricts what the pods may reach and forgets DNS (port 53).",
      why: "No name can be resolved, so every call by name fails.",
      fix: "Allow egress to port 53 by UDP and TCP, to the cluster's DNS.",
      source: REFERENCES.networkPolicies,
    },
    ({ kind, node, apiVersion }, say, world) => {
      if (kind !== "NetworkPolicy" || !apiVersion.startsWith("networking.k8s.io/")) return;
      const egress = node.get("spec", "egress");
      if (!egress.exists || egress.items().length === 0 || allowsDns(egress)) return;
      // Policies add up: another one for the same pods may allow it.
      const others = world.once("policies with dns", dnsSelectors);
      if (!others.anyFor(labelsOf(node.get("spec", "podSelector", "matchLabels")))) say(egress);
    },
  ),
  rule(
    "object",
    {
      id: "network-policy-without-scraper",
      severity: "warning",
      what: "The policy shuts out the metrics scraper.",
      why: "Metrics stop, and so do the alerts that look at them, in silence.",
      fix: "Allow ingress to the metrics port from the monitoring namespace.",
      source: REFERENCES.networkPolicies,
    },
    ({ kind, node, apiVersion }, say, world) => {
      if (kind !== "NetworkPolicy" || !apiVersion.startsWith("networking.k8s.io/")) return;
      const ingress = node.get("spec", "ingress");
      if (!ingress.exists || ingress.items().length === 0) return;
      const open = ingress.items().some((each) => !each.get("from").exists || letsScraperIn(each.get("from")));
      if (open || !isScraped(node.get("spec", "podSelector"), world)) return;
      say(ingress);
    },
  ),
  rule(
    "object",
    {
      id: "service-monitor-port-unknown",
      severity: "error",
      what: "The ServiceMonitor names a port that the Service does not name.",
      why: "Prometheus finds no target and says nothing.",
      fix: "Name the Service's port so, or name the one it has.",
      source: REFERENCES.serviceMonitor,
    },
    ({ kind, node }, say, world) => {
      if (kind !== "ServiceMonitor") return;
      const selector = node.get("spec", "selector");
      const services = world.once("services by label", servicesByLabel).matching(selector);
      if (services.length === 0) return;
      const names = new Set(
        services.flatMap((each) =>
          each.node
            .get("spec", "ports")
            .items()
            .map((port) => port.get("name").text),
        ),
      );
      for (const endpoint of node.get("spec", "endpoints").items()) {
        const port = endpoint.get("port");
        if (port.exists && !names.has(port.text))
          say(port, { message: `No port of the Service is named "${port.text}".` });
      }
    },
  ),
  rule(
    "world",
    {
      id: "balancer-timeout-short",
      severity: "error",
      what: "The balancer ends requests sooner than the service does.",
      why: "Long answers and streams are cut off, though the service would have gone on; 30 s is the default of some balancers.",
      fix: "Set the balancer's timeout above the service's.",
      source: REFERENCES.backendTimeout,
    },
    (world, say) => {
      const service = world.once("service timeout", longestTimeout);
      for (const { at, seconds } of balancerTimeouts(world))
        if (seconds < service)
          say(at, { message: `The balancer ends a request after ${seconds} s, the service after ${service} s.` });
    },
  ),
  rule(
    "object",
    {
      id: "cors-any-origin-with-credentials",
      severity: "error",
      what: "Any origin may call with the user's credentials.",
      why: "Every page that the user opens can act in the user's name.",
      fix: "List the origins, or allow no credentials.",
      source: REFERENCES.cors,
    },
    ({ node, kind }, say) => {
      const annotations = node.get("metadata", "annotations");
      const origin = annotations.get("nginx.ingress.kubernetes.io/cors-allow-origin");
      const on = annotations.get("nginx.ingress.kubernetes.io/enable-cors").isTrue;
      const credentials = annotations.get("nginx.ingress.kubernetes.io/cors-allow-credentials");
      if (on && (origin.text === "*" || !origin.exists) && !credentials.isFalse)
        say(origin.exists ? origin : annotations.get("nginx.ingress.kubernetes.io/enable-cors"));
      if (kind !== "HTTPRoute") return;
      for (const part of node
        .get("spec", "rules")
        .items()
        .flatMap((each) => each.get("filters").items())) {
        const cors = part.get("cors");
        const any = cors
          .get("allowOrigins")
          .items()
          .find((each) => each.text === "*");
        if (any !== undefined && cors.get("allowCredentials").isTrue) say(any);
      }
    },
  ),
];

function allowsDns(egress: Cursor): boolean {
  return egress.items().some((each) => {
    const ports = each.get("ports").items();
    return ports.length === 0
      ? !each.get("to").exists
      : ports.some((port) => {
          const first = port.get("port").text;
          const last = port.get("endPort").number;
          return first === "53" || first === "dns" || first === "" || (Number(first) <= 53 && last >= 53);
        });
  });
}

function dnsSelectors(world: World): SelectorIndex {
  const policies = world.objects("NetworkPolicy").filter((each) => allowsDns(each.node.get("spec", "egress")));
  return new SelectorIndex(policies.map((each) => each.node.get("spec", "podSelector")));
}

function servicesByLabel(world: World): LabelIndex<KubernetesObject> {
  const services = world.objects("Service").filter((each) => each.apiVersion === "v1");
  return new LabelIndex(services.map((each) => [labelsOf(each.node.get("metadata", "labels")), each] as const));
}

/** Pods that say themselves that they are scraped. */
function scrapedPods(world: World): LabelIndex<Pod> {
  const scraped = world.subjects.pod.filter((pod) => {
    const annotations = pod.object.node.get("spec", "template", "metadata", "annotations");
    const ports = pod.containers.flatMap((each) => each.node.get("ports").items());
    return (
      annotations.get("prometheus.io/scrape").isTrue || ports.some((port) => /metrics/.test(port.get("name").text))
    );
  });
  return new LabelIndex(scraped.map((pod) => [pod.labels, pod] as const));
}

function letsScraperIn(from: Cursor): boolean {
  return from.items().some((peer) => {
    const text = [...peer.scalars()].map((each) => each.text).join(" ");
    const everyNamespace = peer.get("namespaceSelector").isMap && peer.get("namespaceSelector").entries().length === 0;
    return everyNamespace || /monitoring|prometheus|metrics|gmp-system|observability/i.test(text);
  });
}

/** Whether anything scrapes the pods of a policy: a monitor of the set, or what the pods say. */
function isScraped(selector: Cursor, world: World): boolean {
  const monitors = ["ServiceMonitor", "PodMonitor", "PodMonitoring"].some((kind) => world.objects(kind).length > 0);
  return monitors || world.once("scraped pods", scrapedPods).matching(selector).length > 0;
}

/** Seconds that the services of this set give a request; 60 when none says it, which is what streams need at least. */
function longestTimeout(world: World): number {
  let longest = 60;
  for (const { spec, managed } of world.subjects.pod)
    if (managed) longest = Math.max(longest, spec.get("timeoutSeconds").number || 0);
  for (const { name, value } of world.subjects.env)
    if (/^(REQUEST|SERVER|GUNICORN|HTTP|STREAM)_TIMEOUT(_SECONDS)?$/.test(name))
      longest = Math.max(longest, Number(value) || 0);
  for (const { text } of world.subjects.shell) {
    for (const [, seconds] of text.matchAll(/(?:gcloud run deploy|gunicorn)[^\n]*--timeout[= ](\d+)/g))
      longest = Math.max(longest, Number(seconds));
  }
  return longest;
}

interface BalancerTimeout {
  readonly at: Cursor;
  readonly seconds: number;
}

function balancerTimeouts(world: World): readonly BalancerTimeout[] {
  const found: BalancerTimeout[] = [];
  const take = (at: Cursor, text = at.text): void => {
    const [, amount, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
    if (amount !== undefined && Number(amount) > 0)
      found.push({ at, seconds: (Number(amount) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as "s"]) / 1000 });
  };
  for (const { node } of world.objects("BackendConfig")) take(node.get("spec", "timeoutSec"));
  for (const { node } of world.objects("GCPBackendPolicy")) take(node.get("spec", "default", "timeoutSec"));
  for (const { node } of world.objects("HTTPRoute"))
    for (const each of node.get("spec", "rules").items())
      for (const key of ["request", "backendRequest"]) take(each.get("timeouts", key));
  for (const { node } of world.objects("Ingress")) {
    const annotations = node.get("metadata", "annotations");
    take(annotations.get("nginx.ingress.kubernetes.io/proxy-read-timeout"));
    const attributes = annotations.get("alb.ingress.kubernetes.io/load-balancer-attributes");
    take(attributes, /idle_timeout\.timeout_seconds=(\d+)/.exec(attributes.text)?.[1] ?? "");
  }
  for (const { type, properties } of world.subjects.resource) {
    if (type !== "AWS::ElasticLoadBalancingV2::LoadBalancer") continue;
    for (const each of properties.get("LoadBalancerAttributes").items())
      if (each.get("Key").text === "idle_timeout.timeout_seconds") take(each.get("Value"));
  }
  return found;
}
