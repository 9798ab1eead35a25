import { readFile } from "node:fs/promises";
import { join } from "node:path";

import ts from "typescript";

import { faultResult, type Guard } from "./guard.ts";
import { sourceFiles } from "./source-files.ts";

/** Lines of a file. */
const FILE_LIMIT = 400;
/** Lines of a function, from its first word to its closing brace. */
const FUNCTION_LIMIT = 70;
/** Calls whose callback is a list of tests rather than a function. */
const GROUPS = new Set(["describe", "suite"]);

/** The bounds on the length of files and functions. */
export const sizes: Guard = {
  name: "sizes",
  async run(root) {
    const sources = await sourceFiles(root);
    const faults: string[] = [];
    for (const path of sources) faults.push(...sizeFaults(path, await readFile(join(root, path), "utf8")));
    return faultResult(faults, `files ≤ ${FILE_LIMIT} lines, functions ≤ ${FUNCTION_LIMIT}`);
  },
};

function sizeFaults(path: string, text: string): string[] {
  const faults: string[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lines = source.getLineAndCharacterOfPosition(text.trimEnd().length).line + 1;
  if (lines > FILE_LIMIT) faults.push(`${path}: ${lines} lines, at most ${FILE_LIMIT}`);
  function visit(node: ts.Node): void {
    if (isFunction(node) && !isTestGroup(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const length = source.getLineAndCharacterOfPosition(node.end).line + 2 - first;
      if (length > FUNCTION_LIMIT)
        faults.push(`${path}:${first}: ${nameOf(node)} has ${length} lines, at most ${FUNCTION_LIMIT}`);
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return faults;
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

function isTestGroup(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isCallExpression(parent) && ts.isIdentifier(parent.expression) && GROUPS.has(parent.expression.text);
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText() : "a function";
}
