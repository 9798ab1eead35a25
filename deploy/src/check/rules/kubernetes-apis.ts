import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import { REMOVED_APIS } from "./data/removed-apis.ts";

/** Rules about kinds and versions of Kubernetes APIs, and about what leads traffic into a cluster. */
export const KUBERNETES_API_RULES: readonly Rule[] = [
  rule(
    "object",
    {
      id: "kubernetes-removed-api",
      severity: "error",
      what: "This API version is served by no supported Kubernetes.",
      why: "The API server refuses the object, so the whole apply fails, often only on the day of the cluster's upgrade.",
      fix: "Use the version that replaced it, and look at fields that were renamed.",
      source: REFERENCES.removedApis,
      review: "2027-04-30",
      mends: true,
    },
    (object, say, { assumptions }) => {
      if (object.kind === "PodSecurityPolicy") return;
      const removed = REMOVED_APIS.find(
        (each) => each.apiVersion === object.apiVersion && (each.kind === "*" || each.kind === object.kind),
      );
      if (
        removed === undefined ||
        (assumptions.kubernetes !== undefined && minor(assumptions.kubernetes) < minor(removed.in))
      )
        return;
      const node = object.node.get("apiVersion");
      say(node, {
        message: `${removed.apiVersion} ${object.kind} was removed in Kubernetes ${removed.in}${removed.now === undefined ? "" : `; ${removed.now} is served`}.`,
        // Where only the version changed; elsewhere fields changed as well and a person must look.
        edit: removed.alike === true && removed.now !== undefined ? node.replaceBy(removed.now) : undefined,
      });
    },
  ),
  rule(
    "object",
    {
      id: "kubernetes-pod-security-policy",
      severity: "error",
      what: "PodSecurityPolicy was removed in Kubernetes 1.25.",
      why: "The object is refused, and what it was to forbid is allowed.",
      fix: "Label the namespace with pod-security.kubernetes.io/enforce: restricted instead.",
      source: REFERENCES.podSecurityPolicy,
    },
    (object, say) => {
      if (object.kind === "PodSecurityPolicy") say(object);
      const grants = object.kind === "ClusterRole" || object.kind === "Role" ? object.node.get("rules").items() : [];
      for (const grant of grants) {
        const named = grant
          .get("resources")
          .items()
          .find((each) => each.text === "podsecuritypolicies");
        if (named !== undefined)
          say(named, {
            message: "This role allows the use of PodSecurityPolicies, which are gone since Kubernetes 1.25.",
          });
      }
    },
  ),
  rule(
    "object",
    {
      id: "kubernetes-namespace-without-pod-security",
      severity: "warning",
      what: "This namespace does not enforce a Pod Security Standard.",
      why: "Any pod is admitted, privileged ones too.",
      fix: "Add the label pod-security.kubernetes.io/enforce: restricted (or baseline, with a reason).",
      source: REFERENCES.podSecurityAdmission,
    },
    ({ kind, node }, say) => {
      if (kind !== "Namespace") return;
      const level = node.get("metadata", "labels", "pod-security.kubernetes.io/enforce");
      if (!level.exists) say(node.get("metadata"));
      else if (level.text === "privileged") say(level, { message: 'The level "privileged" enforces nothing.' });
    },
  ),
  rule(
    "object",
    {
      id: "ingress-nginx-retired",
      severity: "error",
      what: "This Ingress is served by ingress-nginx, which was retired in March 2026.",
      why: "Security faults that are found in it are not mended any more, and it stands in front of everything.",
      fix: "Move to the Gateway API (Gateway and HTTPRoute) or to a controller that is maintained.",
      source: REFERENCES.ingressNginx,
      review: "2027-11-30",
    },
    ({ kind, node }, say) => {
      if (kind === "Ingress") {
        const spec = node.get("spec", "ingressClassName");
        const annotations = node.get("metadata", "annotations");
        const old = annotations.get("kubernetes.io/ingress.class");
        const named = [spec, old].find((each) => each.text === "nginx");
        const own = annotations.entries().find((each) => each.key.startsWith("nginx.ingress.kubernetes.io/"));
        if (named !== undefined) say(named);
        else if (own !== undefined && !spec.exists && !old.exists) say(own);
      }
      const controller = kind === "IngressClass" ? node.get("spec", "controller") : undefined;
      if (controller?.text === "k8s.io/ingress-nginx")
        say(controller, { message: "This class belongs to ingress-nginx, which was retired in March 2026." });
    },
  ),
  rule(
    "object",
    {
      id: "ingress-class-annotation",
      severity: "warning",
      what: "The annotation kubernetes.io/ingress.class is deprecated since Kubernetes 1.18.",
      why: "Controllers stop reading it, and then nobody serves the Ingress.",
      fix: "Name the class in spec.ingressClassName.",
      source: REFERENCES.ingress,
    },
    ({ kind, node }, say) => {
      const old = node.get("metadata", "annotations", "kubernetes.io/ingress.class");
      if (kind === "Ingress" && old.exists) say(old);
    },
  ),
  rule(
    "object",
    {
      id: "ingress-without-tls",
      severity: "error",
      what: "Traffic from outside comes in without TLS.",
      why: "Keys and answers can be read and changed on the way.",
      fix: "Add a certificate: spec.tls of the Ingress, or an HTTPS listener of the Gateway.",
      source: REFERENCES.gatewayTls,
    },
    ({ kind, node }, say) => {
      const spec = node.get("spec");
      if (kind === "Ingress") {
        const managed = node
          .get("metadata", "annotations")
          .entries()
          .some((each) =>
            /managed-certificates|pre-shared-cert|certificate-arn|ssl-certificate|appgw-ssl/.test(each.key),
          );
        if (!spec.get("tls").exists && !managed) say(spec);
      }
      if (kind !== "Gateway" || !spec.get("listeners").exists) return;
      const listeners = spec.get("listeners").items();
      // On GKE a certificate map takes the place of each listener's certificate.
      const mapped = node
        .get("metadata", "annotations")
        .entries()
        .some((each) => each.key === "networking.gke.io/certmap");
      if (!listeners.some((each) => /^(HTTPS|TLS)$/.test(each.get("protocol").text))) say(spec.get("listeners"));
      for (const each of listeners)
        if (each.get("protocol").text === "HTTPS" && !each.get("tls").exists && !mapped)
          say(each, { message: "This HTTPS listener names no certificate." });
    },
  ),
  rule(
    "object",
    {
      id: "service-database-public",
      severity: "error",
      what: "A load balancer puts a database's port on a public address.",
      why: "Anyone may try passwords on it.",
      fix: "Use a ClusterIP Service, or an internal load balancer.",
      source: REFERENCES.networkPolicies,
    },
    ({ kind, node, apiVersion }, say) => {
      if (kind !== "Service" || apiVersion !== "v1" || node.get("spec", "type").text !== "LoadBalancer") return;
      const inside = node
        .get("metadata", "annotations")
        .entries()
        .some((each) => /internal|scheme/i.test(each.key) && /internal|true/i.test(each.text));
      const port = node
        .get("spec", "ports")
        .items()
        .find((each) => [5432, 3306, 6379, 27017, 9200].includes(each.get("port").number));
      if (port !== undefined && !inside) say(node.get("spec", "type"));
    },
  ),
  rule(
    "object",
    {
      id: "rbac-wildcard",
      severity: "error",
      what: "This role allows everything of a kind by *.",
      why: "Whoever takes over the account has it all, also what is added later.",
      fix: "Name the groups, resources and verbs that are needed.",
      source: REFERENCES.rbac,
    },
    ({ kind, node }, say) => {
      if (kind !== "Role" && kind !== "ClusterRole") return;
      for (const grant of node.get("rules").items()) {
        const star = ["verbs", "resources", "apiGroups"]
          .map((key) => grant.get(key))
          .find((each) => each.texts().includes("*"));
        if (star !== undefined) say(star);
      }
    },
  ),
  rule(
    "object",
    {
      id: "rbac-cluster-admin",
      severity: "error",
      what: "An account is bound to cluster-admin.",
      why: "It may do everything in every namespace, so one stolen token is the whole cluster.",
      fix: "Bind a role of its own that names what it needs.",
      source: REFERENCES.rbac,
    },
    ({ kind, node }, say) => {
      const name = node.get("roleRef", "name");
      if (/^(Cluster)?RoleBinding$/.test(kind) && name.text === "cluster-admin") say(name);
    },
  ),
  rule(
    "object",
    {
      id: "secret-with-data",
      severity: "error",
      what: "This Secret holds its data in the file; base64 hides nothing.",
      why: "Whoever reads the repository or its history has the secret.",
      fix: "Take it from a secret store (ExternalSecret, Secrets Store CSI, Sealed Secrets) and change the one that stood here.",
      source: REFERENCES.secretPractice,
    },
    ({ kind, node, apiVersion }, say) => {
      if (kind !== "Secret" || apiVersion !== "v1" || node.get("type").text === "kubernetes.io/service-account-token")
        return;
      const written = ["data", "stringData"]
        .flatMap((key) => node.get(key).entries())
        .find((each) => each.text !== "" && !/\$\{\w+\}|\$\(\w+\)|^<.*>$/.test(each.text));
      if (written !== undefined) say(written);
    },
  ),
  rule(
    "object",
    {
      id: "selector-mismatch",
      severity: "error",
      what: "The selector does not match the labels of the pod's template.",
      why: "The API server refuses the workload.",
      fix: "Give the template the labels that the selector names.",
      source: REFERENCES.deployments,
    },
    ({ kind, node, apiVersion }, say) => {
      if (apiVersion !== "apps/v1") return;
      const labels = node.get("spec", "template", "metadata", "labels");
      for (const each of node.get("spec", "selector", "matchLabels").entries())
        if (labels.get(each.key).text !== each.text)
          say(each, { message: `The ${kind} selects ${each.key}: ${each.text}, which its pods do not carry.` });
    },
  ),
];

function minor(version: string): number {
  return Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? Number.POSITIVE_INFINITY);
}
