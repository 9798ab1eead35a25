import { isAlias, isMap, isScalar, isSeq, type Document, type Node, parseAllDocuments } from "yaml";
import { SlipwayError } from "@slipway/contracts/errors.ts";

/**
 * The documents of a YAML or JSON text as plain values. A tag of its own is kept as a key, as CloudFormation's `!Ref A` is short
 * for `{ "Fn::Ref": A }`: two values that differ only by it are not the same. Throws `internal` for text that is no YAML.
 */
export function documentsOf(path: string, text: string): readonly unknown[] {
  const documents = parseAllDocuments(text, { logLevel: "silent", uniqueKeys: false });
  if (!Array.isArray(documents)) return [];
  return documents.map((document: Document.Parsed) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw new SlipwayError("internal", `${path} was rendered and is no YAML: ${error.message}`);
    return plain(document.contents, document);
  });
}

function plain(node: Node | null | undefined, document: Document.Parsed): unknown {
  if (node === null || node === undefined) return null;
  if (isAlias(node)) return plain(node.resolve(document), document);
  const value = untagged(node, document);
  return node.tag !== undefined && /^![A-Za-z]/.test(node.tag) ? { [`Fn::${node.tag.slice(1)}`]: value } : value;
}

function untagged(node: Node, document: Document.Parsed): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => plain(item as Node, document));
  if (!isMap(node)) return null;
  const entries = node.items.map(({ key, value }) => [
    String(plain(key as Node, document)),
    plain(value as Node, document),
  ]);
  return Object.fromEntries(entries) as unknown;
}
