import type { RenderedFile } from "#render/file.ts";
import { header, yamlText } from "#render/yaml.ts";
import type { Spec } from "#spec/spec.ts";
import { differences } from "./json-patch.ts";
import { type Context, type Manifest } from "./manifest.ts";
import { namespaceObject } from "./objects.ts";
import { fileName } from "./plain.ts";

const KIND = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };

const idOf = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;

/** What all environments share, and an overlay that makes of it exactly what the plain files of one environment are. */
export function kustomize(
  common: { readonly spec: Spec; readonly objects: readonly Manifest[] },
  context: Context,
  objects: readonly Manifest[],
): readonly RenderedFile[] {
  const { spec } = context;
  const base = new Map(common.objects.map((object) => [idOf(object), object]));
  const wanted = new Map(objects.map((object) => [idOf(object), object]));
  const overlay = `kustomize/overlays/${spec.environmentName ?? "default"}`;
  const added = objects.filter((object) => !base.has(idOf(object)));
  const gone = common.objects.filter((object) => !wanted.has(idOf(object)));
  const patches = objects.flatMap((object) => {
    const from = base.get(idOf(object));
    const operations = from === undefined ? [] : differences(from, unplaced(object));
    return operations.length === 0 ? [] : [{ object, operations }];
  });
  const file = (path: string, head: Spec, ...values: readonly unknown[]): RenderedFile => ({
    path,
    text: yamlText(header(head, "kubernetes"), ...values),
  });
  const targetOf = ({ apiVersion, kind, metadata: { name } }: Manifest) => {
    const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : [undefined, apiVersion];
    return { ...(group === undefined ? {} : { group }), version, kind, name };
  };
  return [
    ...common.objects.map((object) => file(`kustomize/base/${fileName(object)}`, common.spec, object)),
    file("kustomize/base/kustomization.yaml", common.spec, { ...KIND, resources: common.objects.map(fileName).sort() }),
    ...[namespaceObject(context), ...added].map((object) =>
      file(`${overlay}/${fileName(object)}`, spec, unplaced(object)),
    ),
    ...patches.map(({ object, operations }) => file(`${overlay}/patch-${fileName(object)}`, spec, operations)),
    file(`${overlay}/kustomization.yaml`, spec, {
      ...KIND,
      ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
      resources: ["../../base", ...[namespaceObject(context), ...added].map(fileName).sort()],
      patches: [
        ...patches.map(({ object }) => ({ path: `patch-${fileName(object)}`, target: targetOf(object) })),
        ...gone.map((object) => ({ patch: deletion(object) })),
      ],
    }),
  ];
}

/** Without its namespace, which the overlay gives to all. */
function unplaced(object: Manifest): Manifest {
  const { namespace: _namespace, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function deletion({ apiVersion, kind, metadata: { name } }: Manifest): string {
  return yamlText("", { $patch: "delete", apiVersion, kind, metadata: { name } });
}
