import type { Cursor } from "../sources/cursor.ts";
import { readShell, type Shell } from "../sources/shell.ts";
import type { World } from "./world.ts";

/** Takes a script that stands in a scalar. */
export function addShell(world: World, node: Cursor, where: Shell["where"]): void {
  const { scalar } = node;
  if (scalar === undefined || node.text.trim() === "") return;
  // A block's text begins on the line after its mark; a flow scalar's where it stands.
  const block = scalar.type === "BLOCK_LITERAL" || scalar.type === "BLOCK_FOLDED";
  world.add("shell", readShell(node.file, node.text, node.valueLine + (block ? 1 : 0), where));
}
