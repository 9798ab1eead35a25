/** An API version that Kubernetes serves no more. */
export interface RemovedApi {
  readonly apiVersion: string;
  readonly kind: string;
  /** The first version without it. */
  readonly in: string;
  readonly now?: string;
  /** The form stayed the same: changing the version is all there is to do. */
  readonly alike?: true;
}

const removed = (
  apiVersion: string,
  kinds: string,
  release: string,
  now?: string,
  alike?: true,
): readonly RemovedApi[] =>
  kinds.split(" ").map((kind) => ({ apiVersion, kind, in: release, ...(now && { now }), ...(alike && { alike }) }));

/** From Kubernetes' deprecated API migration guide, releases 1.16 to 1.32. */
export const REMOVED_APIS: readonly RemovedApi[] = [
  ...removed("extensions/v1beta1", "Deployment DaemonSet ReplicaSet", "1.16", "apps/v1"),
  ...removed("extensions/v1beta1", "NetworkPolicy", "1.16", "networking.k8s.io/v1", true),
  ...removed("extensions/v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"),
  ...removed("apps/v1beta1", "Deployment StatefulSet ReplicaSet", "1.16", "apps/v1"),
  ...removed("apps/v1beta2", "Deployment StatefulSet DaemonSet ReplicaSet", "1.16", "apps/v1"),
  ...removed("networking.k8s.io/v1beta1", "Ingress", "1.22", "networking.k8s.io/v1"),
  ...removed("networking.k8s.io/v1beta1", "IngressClass", "1.22", "networking.k8s.io/v1", true),
  ...removed("rbac.authorization.k8s.io/v1beta1", "*", "1.22", "rbac.authorization.k8s.io/v1", true),
  ...removed("rbac.authorization.k8s.io/v1alpha1", "*", "1.22", "rbac.authorization.k8s.io/v1", true),
  ...removed("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "1.22", "apiextensions.k8s.io/v1"),
  ...removed(
    "admissionregistration.k8s.io/v1beta1",
    "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    "1.22",
    "admissionregistration.k8s.io/v1",
  ),
  ...removed(
    "admissionregistration.k8s.io/v1beta1",
    "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
    "1.34",
    "admissionregistration.k8s.io/v1",
    true,
  ),
  ...removed("apiregistration.k8s.io/v1beta1", "APIService", "1.22", "apiregistration.k8s.io/v1", true),
  ...removed("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "1.22", "certificates.k8s.io/v1"),
  ...removed("coordination.k8s.io/v1beta1", "Lease", "1.22", "coordination.k8s.io/v1", true),
  ...removed("scheduling.k8s.io/v1beta1", "PriorityClass", "1.22", "scheduling.k8s.io/v1", true),
  ...removed(
    "storage.k8s.io/v1beta1",
    "CSIDriver CSINode StorageClass VolumeAttachment",
    "1.22",
    "storage.k8s.io/v1",
    true,
  ),
  ...removed("batch/v1beta1", "CronJob", "1.25", "batch/v1", true),
  ...removed("batch/v2alpha1", "CronJob", "1.21", "batch/v1", true),
  ...removed("discovery.k8s.io/v1beta1", "EndpointSlice", "1.25", "discovery.k8s.io/v1"),
  ...removed("events.k8s.io/v1beta1", "Event", "1.25", "events.k8s.io/v1"),
  ...removed("policy/v1beta1", "PodDisruptionBudget", "1.25", "policy/v1", true),
  ...removed("node.k8s.io/v1beta1", "RuntimeClass", "1.25", "node.k8s.io/v1", true),
  ...removed("autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.25", "autoscaling/v2"),
  ...removed("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.26", "autoscaling/v2", true),
  ...removed("flowcontrol.apiserver.k8s.io/v1beta1", "*", "1.26", "flowcontrol.apiserver.k8s.io/v1"),
  ...removed("flowcontrol.apiserver.k8s.io/v1beta2", "*", "1.29", "flowcontrol.apiserver.k8s.io/v1"),
  ...removed("flowcontrol.apiserver.k8s.io/v1beta3", "*", "1.32", "flowcontrol.apiserver.k8s.io/v1"),
  ...removed("storage.k8s.io/v1beta1", "CSIStorageCapacity", "1.27", "storage.k8s.io/v1", true),
];
