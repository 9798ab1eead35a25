import type { Cursor } from "../sources/cursor.ts";
import { addShell } from "./scripts.ts";
import type { World } from "./world.ts";

/** Takes a Compose file. */
export function addCompose(world: World, node: Cursor): void {
  world.add("compose", node);
  for (const service of node.get("services").entries()) {
    world.add("service", { file: service.file, line: service.line, name: service.key, node: service });
    const image = service.get("image");
    // An image beside `build` names what is built, not what is fetched.
    if (image.exists && !service.has("build"))
      world.add("image", { file: image.file, line: image.line, ref: image.text, node: image });
    const command = service.get("command");
    if (!command.isList) addShell(world, command, "container");
    for (const part of command.isList ? command.items() : [])
      if (/[\s|;&]/.test(part.text)) addShell(world, part, "container");
    for (const { name, value, at } of composeEnv(service))
      world.add("env", { file: at.file, line: at.line, name, value, where: "compose", testing: false });
  }
}

/** The environment of a Compose service, in both of its forms. */
function composeEnv(
  service: Cursor,
): readonly { readonly name: string; readonly value: string; readonly at: Cursor }[] {
  const env = service.get("environment");
  if (env.isMap) return env.entries().map((at) => ({ name: at.key, value: at.text, at }));
  return env.items().map((at) => {
    const [name = "", ...value] = at.text.split("=");
    return { name, value: value.join("="), at };
  });
}
