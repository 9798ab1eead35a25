import type { RenderedFile } from "#render/file.ts";
import { header, yamlText } from "#render/yaml.ts";
import type { Context } from "./manifest.ts";

/** The application that keeps the cluster at what the repository says; nothing when the environment names no repository. */
export function argocd({ spec, namespace }: Context): readonly RenderedFile[] {
  const { gitops } = spec.environment;
  if (gitops === undefined) return [];
  const application = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: `${spec.name}-${spec.environmentName ?? "default"}`, namespace: "argocd" },
    spec: {
      project: gitops.project,
      source: { repoURL: gitops.repository, targetRevision: gitops.revision, path: gitops.path },
      destination: { server: "https://kubernetes.default.svc", namespace },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        syncOptions: ["ServerSideApply=true", "ApplyOutOfSyncOnly=true"],
        retry: { limit: 5, backoff: { duration: "10s", factor: 2, maxDuration: "5m" } },
      },
      revisionHistoryLimit: 10,
    },
  };
  return [{ path: "argocd/application.yaml", text: yamlText(header(spec, "kubernetes"), application) }];
}
