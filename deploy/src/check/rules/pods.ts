import { kubernetesQuantity } from "@slipway/contracts/spec/quantity.ts";
import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";
import type { Cursor } from "../sources/cursor.ts";
import type { Container } from "../subjects/topics.ts";
import type { World } from "../subjects/world.ts";

/** Rules about what a pod may do: the Pod Security Standard "restricted", and what it asks of its node. */
export const POD_RULES: readonly Rule[] = [
  rule(
    "pod",
    {
      id: "pod-host-namespace",
      severity: "error",
      what: "The pod shares a namespace with its node (hostNetwork, hostPID or hostIPC).",
      why: "It sees the node's traffic or processes, and network policies do not hold for it.",
      fix: "Take the field away; expose ports by a Service.",
      source: REFERENCES.podSecurityStandards,
      mends: true,
    },
    ({ spec }, say) => {
      for (const key of ["hostNetwork", "hostPID", "hostIPC"]) {
        const field = spec.get(key);
        if (field.isTrue) say(field, { message: `The pod shares its node's namespace: ${key}.`, edit: field.remove() });
      }
    },
  ),
  rule(
    "pod",
    {
      id: "pod-host-path",
      severity: "error",
      what: "The pod mounts a folder of its node.",
      why: "It can read other pods' data and change the node, and its own data stays behind when it moves.",
      fix: "Use a PersistentVolumeClaim, an emptyDir or object storage.",
      source: REFERENCES.podSecurityStandards,
    },
    ({ spec }, say) => {
      for (const volume of spec.get("volumes").items()) {
        const path = volume.get("hostPath");
        if (path.exists && !/docker\.sock|containerd\.sock/.test(path.get("path").text)) say(path);
      }
    },
  ),
  rule(
    "container",
    {
      id: "container-runs-as-root",
      severity: "error",
      what: "Nothing keeps the container from running as root.",
      why: "A fault in the program, together with one in the kernel or the engine, is root on the node.",
      fix: "Set securityContext.runAsNonRoot: true and a runAsUser that is not 0.",
      source: REFERENCES.podSecurityStandards,
    },
    (container, say) => {
      if (container.managed) return;
      const [own, pod] = contexts(container);
      const user = own.has("runAsUser") ? own.get("runAsUser") : pod.get("runAsUser");
      const flag = own.has("runAsNonRoot") ? own.get("runAsNonRoot") : pod.get("runAsNonRoot");
      if (user.exists && user.number === 0) say(user, { message: "The container runs as root (runAsUser: 0)." });
      else if (!flag.isTrue && !(user.number > 0)) say(flag.exists ? flag : container);
    },
  ),
  rule(
    "container",
    {
      id: "container-privileged",
      severity: "error",
      what: "The container is privileged.",
      why: "It is root on its node in all but name.",
      fix: "Take privileged away and add the one capability that is needed, if any.",
      source: REFERENCES.podSecurityStandards,
      mends: true,
    },
    ({ node }, say) => {
      const flag = node.get("securityContext", "privileged");
      if (flag.isTrue) say(flag, { edit: flag.replaceBy("false") });
    },
  ),
  rule(
    "container",
    {
      id: "container-privilege-escalation",
      severity: "warning",
      what: "The container's processes may gain more rights than their parent (allowPrivilegeEscalation is not false).",
      why: "A setuid program in the image is a way to root.",
      fix: "Set securityContext.allowPrivilegeEscalation: false.",
      source: REFERENCES.podSecurityStandards,
      mends: true,
    },
    ({ node, line, file, managed }, say) => {
      if (managed) return;
      const flag = node.get("securityContext", "allowPrivilegeEscalation");
      if (flag.isTrue) say(flag, { edit: flag.replaceBy("false") });
      else if (!flag.exists) say(node.has("securityContext") ? node.get("securityContext") : { file, line });
    },
  ),
  rule(
    "container",
    {
      id: "container-capabilities-kept",
      severity: "warning",
      what: "The container keeps capabilities that it does not need.",
      why: "The default set allows raw packets, changes of owners and more.",
      fix: "Set securityContext.capabilities.drop: [ALL].",
      source: REFERENCES.podSecurityStandards,
    },
    ({ node, managed }, say) => {
      if (managed) return;
      const drop = node.get("securityContext", "capabilities", "drop");
      if (!drop.texts().some((each) => each.toUpperCase() === "ALL")) say(drop);
    },
  ),
  rule(
    "container",
    {
      id: "container-capabilities-added",
      severity: "error",
      what: "The container is given capabilities beyond the default.",
      why: "Most of them, SYS_ADMIN first, are as good as root on the node.",
      fix: "Take them away; NET_BIND_SERVICE alone is within the standard.",
      source: REFERENCES.podSecurityStandards,
    },
    ({ node }, say) => {
      for (const each of node.get("securityContext", "capabilities", "add").items())
        if (each.text !== "NET_BIND_SERVICE")
          say(each, { message: `The container is given the capability ${each.text}.` });
    },
  ),
  rule(
    "container",
    {
      id: "container-writable-root",
      severity: "warning",
      what: "The container can write to its root file system.",
      why: "An intruder can change the program, and files that are written there fill the node's disk.",
      fix: "Set securityContext.readOnlyRootFilesystem: true and mount an emptyDir where it must write.",
      source: REFERENCES.podSecurityStandards,
    },
    ({ node, managed, line, file }, say) => {
      const flag = node.get("securityContext", "readOnlyRootFilesystem");
      if (!managed && !flag.isTrue) say(flag.exists || node.has("securityContext") ? flag : { file, line });
    },
  ),
  rule(
    "container",
    {
      id: "pod-without-seccomp",
      severity: "warning",
      what: "The container may make any system call (no seccomp profile).",
      why: "Kernel faults that a profile would shut off stay within reach.",
      fix: "Set securityContext.seccompProfile.type: RuntimeDefault for the pod.",
      source: REFERENCES.podSecurityStandards,
    },
    (container, say) => {
      if (container.managed) return;
      const [own, pod] = contexts(container);
      const profile = own.has("seccompProfile") ? own.get("seccompProfile", "type") : pod.get("seccompProfile", "type");
      if (profile.text === "" || profile.text === "Unconfined") say(profile.exists ? profile : container.pod);
    },
  ),
  rule(
    "pod",
    {
      id: "pod-token-mounted",
      severity: "warning",
      what: "The pod gets a token for the Kubernetes API that it does not seem to use.",
      why: "Whoever takes over the program has the token too.",
      fix: "Set automountServiceAccountToken: false on the pod, or give it a service account of its own that has a role.",
      source: REFERENCES.serviceAccounts,
    },
    ({ spec, object, managed }, say, world) => {
      const flag = spec.get("automountServiceAccountToken");
      if (managed || flag.isFalse) return;
      const account = spec.has("serviceAccountName") ? spec.get("serviceAccountName").text : "default";
      const known = world.once("service accounts", accounts);
      const key = `${object.namespace}/${account}`;
      if (known.bound.has(key) || (!flag.isTrue && known.silent.has(key))) return;
      say(flag.exists ? flag : spec);
    },
  ),
  rule(
    "container",
    {
      id: "container-without-requests",
      severity: "warning",
      what: "The container does not say how much CPU and memory it needs.",
      why: "The scheduler packs nodes by guess, autoscaling on utilisation does nothing, and it is among the first to be evicted.",
      fix: "Set resources.requests.cpu and resources.requests.memory to what was measured.",
      source: REFERENCES.resources,
    },
    ({ node, managed }, say) => {
      if (managed) return;
      const requests = node.get("resources", "requests");
      const limits = node.get("resources", "limits");
      const missing = ["cpu", "memory"].filter((key) => !requests.has(key) && !limits.has(key));
      if (missing.length > 0) say(requests, { message: `The container requests no ${missing.join(" and no ")}.` });
    },
  ),
  rule(
    "container",
    {
      id: "container-without-memory-limit",
      severity: "warning",
      what: "The container may take all memory of its node.",
      why: "A leak in one pod kills its neighbours.",
      fix: "Set resources.limits.memory somewhat above the observed peak.",
      source: REFERENCES.resources,
    },
    ({ node, managed }, say) => {
      const limit = node.get("resources", "limits", "memory");
      if (!managed && !limit.exists) say(limit);
    },
  ),
  rule(
    "container",
    {
      id: "container-memory-below-peak",
      severity: "error",
      what: "The memory limit is below what the program needs at its peak.",
      why: "The kernel kills it under load, which is when it is needed.",
      fix: "Raise the limit above the observed peak, or lower the heap's size to three quarters of the limit.",
      source: REFERENCES.resources,
    },
    ({ node, name, object }, say, world) => {
      const limit = node.get("resources", "limits", "memory");
      const bytes = kubernetesQuantity(limit.text);
      if (bytes === undefined) return;
      const request = kubernetesQuantity(node.get("resources", "requests", "memory").text);
      if (request !== undefined && request > bytes)
        say(limit, { message: "The memory limit is below the container's own request." });
      const start = [
        ...node
          .get("env")
          .items()
          .map((each) => each.get("value").text),
        ...node.get("command").texts(),
        ...node.get("args").texts(),
      ].join(" ");
      const heap = /--max[-_]old[-_]space[-_]size=(\d+)/.exec(start)?.[1] ?? /-Xmx(\d+)m/i.exec(start)?.[1];
      if (heap !== undefined && Number(heap) * 2 ** 20 >= bytes)
        say(limit, { message: `The heap alone may grow to ${heap} MiB, which is the limit or more.` });
      const peak = Math.max(...(world.once("peaks", peaks).get(`${object.kind}/${object.name}/${name}`) ?? [0]));
      if (peak > bytes)
        say(limit, {
          message: `The vertical autoscaler has seen it need ${Math.ceil(peak / 2 ** 20)} MiB, more than the limit.`,
        });
    },
  ),
  rule(
    "container",
    {
      id: "container-cpu-limit",
      severity: "info",
      what: "The CPU limit throttles the container even when its node is idle.",
      why: "Requests are delayed by up to a period of 100 ms each time the quota is used up.",
      fix: "Leave the limit out and keep the request, where the cluster's policy allows it.",
      source: REFERENCES.resources,
    },
    ({ node, managed, job, init }, say) => {
      const limit = node.get("resources", "limits", "cpu");
      if (!managed && !job && !init && limit.exists) say(limit);
    },
  ),
];

function contexts({ node, pod }: Container): readonly [Cursor, Cursor] {
  return [node.get("securityContext"), pod.get("securityContext")];
}

interface Accounts {
  /** Bound to a role, so the token is of use. */
  readonly bound: ReadonlySet<string>;
  /** Mount no token of their own accord. */
  readonly silent: ReadonlySet<string>;
}

function accounts(world: World): Accounts {
  const bound = new Set<string>();
  for (const binding of [...world.objects("RoleBinding"), ...world.objects("ClusterRoleBinding")]) {
    for (const subject of binding.node.get("subjects").items()) {
      const space = subject.has("namespace") ? subject.get("namespace").text : binding.namespace;
      bound.add(`${space}/${subject.get("name").text}`);
    }
  }
  const silent = new Set<string>();
  for (const { node, namespace, name } of world.objects("ServiceAccount"))
    if (node.get("automountServiceAccountToken").isFalse) silent.add(`${namespace}/${name}`);
  return { bound, silent };
}

/** What vertical autoscalers have seen, by kind, name and container. */
function peaks(world: World): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  for (const { node } of world.objects("VerticalPodAutoscaler")) {
    const target = node.get("spec", "targetRef");
    for (const each of node.get("status", "recommendation", "containerRecommendations").items()) {
      const key = `${target.get("kind").text}/${target.get("name").text}/${each.get("containerName").text}`;
      found.set(key, [kubernetesQuantity(each.get("target", "memory").text) ?? 0]);
    }
  }
  return found;
}
