import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { check } from "./check.ts";
import { RULES } from "./rules/all.ts";
import { readFixtures, TODAY } from "./testing.ts";

const LIST = join(import.meta.dirname, "../../../../shared/faults.md");

/** Which rules find each class of the list; every rule's own example stands in its fixture. */
const CLASSES: Readonly<Record<number, string>> = {
  1: "kubernetes-pod-security-policy kubernetes-namespace-without-pod-security",
  2: "push-to-container-registry image-on-container-registry",
  3: "action-gcloud-with-key",
  4: "action-not-pinned",
  5: "action-long-lived-key",
  6: "gsutil",
  7: "deployment-unknown",
  8: "template-variable-unset cloudbuild-substitution-unset",
  9: "probe-same-endpoint probe-startup-missing probe-liveness-asks-dependencies",
  10: "autoscalers-fight vpa-mode-auto",
  11: "autoscaled-replicas-fixed",
  12: "network-policy-without-dns",
  13: "network-policy-without-scraper",
  14: "service-monitor-port-unknown",
  15: "backup-to-scratch-volume backup-tool-missing shell-pipe-hides-failure",
  16: "cron-job-may-overlap cron-job-without-deadline cron-job-without-history-limits",
  17: "secret-in-environment secret-with-data",
  18: "blue-green-idle-side-empty",
  19: "logs-to-file logs-to-volume",
  20: "image-end-of-life image-moving-tag image-without-digest",
  21: "dockerfile-development-dependencies dockerfile-runs-as-root dockerfile-without-healthcheck",
  22: "dockerfile-started-by-npm container-started-by-npm",
  23: "dockerfile-copies-everything dockerfile-secret-in-layer dockerfile-secret-file-copied",
  24: "public-invoker cloud-run-yaml-public",
  25: "cloud-run-default-identity cloud-run-yaml-default-identity",
  26: "secret-access-project-wide",
  27: "migrations-at-start dockerfile-migrations-at-start",
  28: "rollback-names-revision workflow-rollback-unreachable",
  29: "rollback-past-migration",
  30: "ingress-nginx-retired",
  31: "ingress-class-annotation",
  32: "yaml-broken yaml-surprising-value yaml-duplicate-key workflow-version-as-number",
  33: "workflow-deploy-ungated",
  34: "sam-deploy-unreviewed",
  35: "vpc-connector cloud-run-yaml-vpc-connector database-public-address database-public",
  36: "cloud-run-connections-exceeded cloud-run-flags-connections-exceeded",
  37: "balancer-timeout-short",
  38: "probe-liveness-on-loaded-endpoint",
  39: "workload-without-disruption-budget workload-without-spread workload-in-one-zone workload-one-replica",
  40: "container-without-requests container-memory-below-peak container-cpu-limit",
};

/** The list's second part, by words of its own. */
const ALSO: Readonly<Record<string, string>> = {
  privileged: "container-privileged compose-privileged",
  hostNetwork: "pod-host-namespace",
  hostPID: "pod-host-namespace",
  hostPath: "pod-host-path",
  "added capabilities": "container-capabilities-added",
  allowPrivilegeEscalation: "container-privilege-escalation",
  "root user": "container-runs-as-root",
  "writable root": "container-writable-root",
  "missing seccomp": "pod-without-seccomp",
  "service-account token mounted": "pod-token-mounted",
  "wildcard RBAC or IAM": "rbac-wildcard iam-wildcard",
  "API versions removed": "kubernetes-removed-api",
  "unpinned Helm dependencies": "helm-dependency-unpinned",
  "missing TLS": "ingress-without-tls",
  "CORS `*` with credentials": "cors-any-origin-with-credentials api-cors-any-origin-with-credentials",
  "Compose ports": "compose-database-port-public",
  "default passwords": "default-password",
  "Docker socket": "docker-socket-mounted",
  "Lambda without alias": "lambda-without-alias",
  "wildcard resource policies": "lambda-public",
  "public-access block": "bucket-public",
  encryption: "bucket-unencrypted",
  "point-in-time recovery": "table-without-recovery",
  "circuit breaker": "ecs-without-circuit-breaker",
  "alert rules that no metric feeds": "alert-without-metric",
  "single window": "slo-alert-single-window",
};

function assertFound(named: string, rules = RULES): void {
  const fixtures = readFixtures();
  for (const id of named.split(" ")) {
    const bad = fixtures.get(id)?.bad ?? assert.fail(`no example for ${id}`);
    const found = check(bad.files, { today: TODAY }, rules).found;
    const places = found
      .filter(({ finding }) => finding.rule === id)
      .map(({ finding }) => `${finding.file}:${finding.line}`);
    assert.deepEqual(places.sort(), bad.expected, id);
  }
}

test("every class of faults is found in an example, by all rules together", () => {
  for (const named of [...Object.values(CLASSES), ...Object.values(ALSO)]) assertFound(named);
});

test("the list holds no class that is not among them", async (t) => {
  let text: string;
  try {
    text = await readFile(LIST, "utf8");
  } catch {
    t.skip("the list of faults is not there: put it at ../shared/faults.md beside the repository");
    return;
  }
  const numbers = [...text.matchAll(/^(\d+)\. /gm)].map((each) => Number(each[1]));
  assert.deepEqual(Object.keys(CLASSES).map(Number), numbers);
  const also = text.slice(text.indexOf("## Also required"));
  for (const words of Object.keys(ALSO)) assert.ok(also.includes(words), words);
});

test("a class whose rule is taken away is missed, so the first test can fail", () => {
  for (const named of Object.values(CLASSES)) {
    const ids = new Set(named.split(" "));
    assert.throws(
      () =>
        assertFound(
          named,
          RULES.filter((rule) => !ids.has(rule.id)),
        ),
      assert.AssertionError,
    );
  }
});
