import { valueAt } from "#spec/merge.ts";
import type { Spec } from "#spec/spec.ts";
import type { Target } from "../target.ts";
import { argocd } from "./argocd.ts";
import { kubernetesComparison } from "./comparison.ts";
import { helm } from "./helm.ts";
import { kustomize } from "./kustomize.ts";
import { contextOf } from "./manifest.ts";
import { objectsOf } from "./objects.ts";
import { kubernetesRecorded } from "./observed.ts";
import { plain } from "./plain.ts";
import { runbook } from "./runbook.ts";
import { kubernetesSizes } from "./sizes.ts";

/** Kubernetes: the same objects plain, by Kustomize, as a Helm chart and for Argo CD. */
export const kubernetesTarget: Target = {
  name: "kubernetes",
  comparison: kubernetesComparison,
  recorded: kubernetesRecorded,
  sizes: kubernetesSizes,
  observe: async (spec, signal) => await (await import("./observe.ts")).observeKubernetes(spec, signal),
  repeats: (path) => /^(kustomize|helm)\//.test(path),
  passes: ({ fields }) =>
    fields["kind"] === "Job" && valueAt(fields, ["spec", "ttlSecondsAfterFinished"]) !== undefined,
  render({ spec, common }) {
    const context = contextOf(spec);
    const objects = objectsOf(context);
    // Secrets that lie elsewhere in some environment only have no store in the base.
    const inClouds = common.secrets.filter(({ place }) => place.kind !== "file" && place.kind !== "vault");
    const base: Spec = { ...common, images: spec.images, secrets: inClouds };
    return [
      ...plain(context, objects),
      ...kustomize({ spec: base, objects: objectsOf(contextOf(base)) }, context, objects),
      ...helm(context, objects),
      ...argocd(context),
    ];
  },
  runbook: ({ spec }) => runbook(contextOf(spec)),
};
