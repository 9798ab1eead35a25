/** Where images are pushed to, as far as signing in differs. */
export type Registry =
  | { readonly kind: "google" | "github"; readonly host: string }
  | { readonly kind: "amazon"; readonly host: string; readonly region: string }
  | { readonly kind: "azure"; readonly host: string; readonly name: string };

/** The registry of an image; undefined for one that wants a password. */
export function registryOf(image: string): Registry | undefined {
  const host = image.slice(0, image.indexOf("/"));
  if (host === "ghcr.io") return { kind: "github", host };
  if (/^[a-z0-9-]+-docker\.pkg\.dev$/.test(host)) return { kind: "google", host };
  const region = /^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
  if (region !== undefined) return { kind: "amazon", host, region };
  const name = /^([a-z0-9]{5,50})\.azurecr\.io$/.exec(host)?.[1];
  return name === undefined ? undefined : { kind: "azure", host, name };
}

/** The commands that let `docker` push to a registry and pull from it, once the cloud knows who is asking. */
export function registrySignIn(registry: Registry): string {
  switch (registry.kind) {
    case "google":
      return `gcloud auth configure-docker ${registry.host} --quiet`;
    case "amazon":
      return `aws ecr get-login-password --region ${registry.region} | docker login --username AWS --password-stdin ${registry.host}`;
    case "azure":
      return `az acr login --name ${registry.name}`;
    case "github":
      return `printf '%s' "$GH_TOKEN" | docker login ${registry.host} --username "$GITHUB_ACTOR" --password-stdin`;
  }
}
