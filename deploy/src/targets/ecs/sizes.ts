import { valueAt } from "#spec/merge.ts";
import type { DesiredResource, ServiceSize } from "../target.ts";

/** What the tasks of each service have, rounded up as Fargate does it, and how many of them its autoscaler keeps. */
export function ecsSizes(resources: readonly DesiredResource[]): readonly ServiceSize[] {
  const byId = new Map(resources.map((resource) => [resource.id, resource.fields]));
  return resources.flatMap(({ id, fields }) => {
    const [, name] = /(?:^|[/ ])AWS::ECS::Service\/(\w+)Service$/.exec(id) ?? [];
    if (name === undefined) return [];
    const other = (type: string, suffix: string) =>
      byId.get(id.replace(/AWS::ECS::Service\/\w+$/, `${type}/${name}${suffix}`));
    const task = other("AWS::ECS::TaskDefinition", "Task");
    const scaling = other("AWS::ApplicationAutoScaling::ScalableTarget", "Scaling");
    const size = {
      service: String(valueAt(fields, ["Properties", "ServiceName"])),
      millicores: (Number(valueAt(task, ["Properties", "Cpu"])) * 1000) / 1024,
      mebibytes: Number(valueAt(task, ["Properties", "Memory"])),
      min: Number(valueAt(scaling, ["Properties", "MinCapacity"])),
      max: Number(valueAt(scaling, ["Properties", "MaxCapacity"])),
    };
    return [size];
  });
}
