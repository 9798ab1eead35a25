import type { RenderedFile } from "#render/file.ts";
import { header, yamlText } from "#render/yaml.ts";
import { type Context, type Manifest } from "./manifest.ts";
import { namespaceObject } from "./objects.ts";

/** `deployment-router.yaml`. */
export function fileName({ kind, metadata: { name } }: Manifest): string {
  return `${kind.toLowerCase()}-${name}.yaml`;
}

/** Everything in one file, in the order in which it is applied: `kubectl apply --server-side -f`. */
export function plain(context: Context, objects: readonly Manifest[]): readonly RenderedFile[] {
  return [
    {
      path: "plain/all.yaml",
      text: yamlText(header(context.spec, "kubernetes"), namespaceObject(context), ...objects),
    },
  ];
}
