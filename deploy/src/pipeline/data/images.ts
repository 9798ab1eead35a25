/**
 * The images of the pipeline's own tools, each by version and digest. Public files on GitHub that name the same pair, found by
 * their text on 2026-11-21: ten and more for each, of owners that have nothing to do with each other. A digest that is wrong
 * fetches nothing. Look again by 2027-05-31: old versions of grype stop getting its database.
 */
export const TOOL_IMAGES = {
  syft: "docker.io/anchore/syft:v1.51.1@sha256:95fe0835e5bebc6f8b1f8acef68d47d63d594ef4c0f25c097ff853b23cbac74c",
  grype: "docker.io/anchore/grype:v0.118.0@sha256:8a93fc48da96bd6ec5981279d099b69de11541dc68fdf222fb9161f8ff284af7",
  node: "docker.io/library/node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d",
} as const;
