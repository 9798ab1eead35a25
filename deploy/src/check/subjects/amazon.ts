import type { Cursor } from "../sources/cursor.ts";
import type { World } from "./world.ts";

/** Takes a CloudFormation or SAM template. */
export function addTemplate(world: World, template: Cursor): void {
  for (const node of template.get("Resources").entries()) {
    const type = node.get("Type").text;
    const properties = node.get("Properties");
    world.add("resource", { file: node.file, line: node.line, id: node.key, type, node, properties, template });
    if (type === "AWS::ECS::TaskDefinition") addTask(world, properties);
    for (const statement of statementsOf(properties)) world.add("statement", statement);
    for (const each of properties.get("Environment", "Variables").entries())
      world.add("env", {
        file: each.file,
        line: each.line,
        name: each.key,
        value: each.text,
        where: "cloudformation",
        testing: false,
      });
  }
}

/** The IAM statements of a role's, user's or function's policies. */
function statementsOf(properties: Cursor): readonly Cursor[] {
  const documents = [
    properties.get("PolicyDocument"),
    properties.get("AssumeRolePolicyDocument"),
    ...properties
      .get("Policies")
      .items()
      .flatMap((policy) => [policy.get("PolicyDocument"), policy]),
  ];
  return documents.flatMap((document) => document.get("Statement").items());
}

/** Takes an ECS task definition, in the spelling of its API or of CloudFormation. */
export function addTask(world: World, task: Cursor): void {
  const list = either(task, "containerDefinitions");
  for (const node of list.items()) {
    const get = (name: string): Cursor => either(node, name);
    world.add("task", { file: node.file, line: node.line, node, get });
    const image = get("image");
    if (image.text !== "") world.add("image", { file: image.file, line: image.line, ref: image.text, node: image });
    for (const env of get("environment").items()) {
      const value = either(env, "value");
      world.add("env", {
        file: value.file,
        line: value.line,
        name: either(env, "name").text,
        value: value.text,
        where: "ecs",
        testing: false,
      });
    }
  }
}

function either(node: Cursor, name: string): Cursor {
  const own = node.get(name);
  return own.exists ? own : node.get(name.charAt(0).toUpperCase() + name.slice(1));
}
