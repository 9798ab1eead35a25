import { execFile } from "node:child_process";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Spec } from "#spec/spec.ts";
import type { ObservedResource } from "../target.ts";
import { contextOf, type Manifest } from "./manifest.ts";
import { namespaceObject, objectsOf } from "./objects.ts";
import { kubernetesRecorded } from "./observed.ts";

/** Bytes that kubectl may answer with. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * What the cluster of kubectl's current context holds of this system: the objects in its namespace with its labels, of the kinds
 * that are rendered for any system, and the namespace. Reads only. Throws `platform_unavailable` when kubectl is not there or the cluster does not answer.
 */
export async function observeKubernetes(spec: Spec, signal: AbortSignal): Promise<readonly ObservedResource[]> {
  const context = contextOf(spec);
  const namespace = namespaceObject(context);
  const served = new Set((await kubectl(["api-versions"], signal)).split(/\s+/));
  const kinds = kindsOf([...objectsOf(context), ...ONCE_RENDERED].filter(({ apiVersion }) => served.has(apiVersion)));
  const { name } = namespace.metadata;
  const own = await listed(["get", "Namespace", name, "--ignore-not-found"], signal);
  // A namespace that is not there has nothing in it.
  if (own.length === 0) return [];
  const labels = `app.kubernetes.io/name=${spec.name},app.kubernetes.io/managed-by=slipway`;
  const there = await listed(["get", kinds.join(","), "--namespace", name, "--selector", labels], signal);
  return [...own, ...there];
}

/** What a system has with a public service, a database or secrets only: what is left of them is looked for when they are gone. */
const ONCE_RENDERED = [
  { apiVersion: "batch/v1", kind: "CronJob" },
  { apiVersion: "batch/v1", kind: "Job" },
  { apiVersion: "external-secrets.io/v1", kind: "ExternalSecret" },
  { apiVersion: "external-secrets.io/v1", kind: "SecretStore" },
  { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway" },
  { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" },
] as const;

/** `Deployment.v1.apps`, as kubectl takes a kind of one version; `ConfigMap` of the core. */
function kindsOf(objects: readonly Pick<Manifest, "apiVersion" | "kind">[]): readonly string[] {
  const kinds = objects.map(({ apiVersion, kind }) => {
    const [group, version] = apiVersion.split("/");
    return version === undefined ? kind : `${kind}.${version}.${group}`;
  });
  return [...new Set(kinds)].sort();
}

async function listed(args: readonly string[], signal: AbortSignal): Promise<readonly ObservedResource[]> {
  const text = await kubectl([...args, "--output", "json", "--show-managed-fields"], signal);
  if (text.trim() === "") return [];
  const resources = kubernetesRecorded(JSON.parse(text) as unknown);
  if (resources !== undefined) return resources;
  throw new SlipwayError("platform_unavailable", "kubectl answered with something that is no list of objects.", {
    hint: "Look at `kubectl get -o json` yourself.",
  });
}

async function kubectl(args: readonly string[], signal: AbortSignal): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile("kubectl", [...args, "--request-timeout=20s"], { signal, maxBuffer: MOST_BYTES }, (error, out, said) => {
      if (error === null) resolve(out);
      else reject(failure(error, said));
    });
  });
}

function failure(error: Error & { readonly code?: unknown }, said: string): SlipwayError {
  if (error.code === "ENOENT")
    return new SlipwayError("platform_unavailable", "There is no kubectl on this machine.", {
      hint: "Install it, or name a recording with --observed (`kubectl get … -o json`).",
      cause: error,
    });
  const [line = ""] = said.trim().split("\n").slice(-1);
  return new SlipwayError("platform_unavailable", `The cluster could not be read: ${line || error.message}`, {
    hint: "See `kubectl config current-context`, and that it may list the objects of the namespace.",
    cause: error,
  });
}
