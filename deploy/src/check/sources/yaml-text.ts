import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  parseAllDocuments,
  visit,
  type Alias,
  type Document,
  type Node,
} from "yaml";
import { readSimpleYaml } from "@slipway/contracts/spec/simple-yaml.ts";
import type { Place } from "../finding.ts";
import { Cursor } from "./cursor.ts";
import { Lines } from "./lines.ts";

/** Something that is wrong with the text itself. */
export interface YamlFault extends Place {
  readonly kind: "broken" | "duplicate-key";
  readonly message: string;
}

/** What a YAML or JSON text holds. */
export interface YamlText {
  readonly documents: readonly Cursor[];
  readonly faults: readonly YamlFault[];
}

/** Documents of one file that are looked at. */
const DOCUMENTS = 2_000;
/** Faults of one file that are told: the first is the cause of the rest more often than not. */
const FAULTS = 3;

/** Reads all documents of a text; a document that cannot be read is told and left out. `firstLine` as in {@link Lines}. */
export function readYaml(file: string, text: string, firstLine = 1): YamlText {
  const lines = new Lines(text, firstLine);
  const simple = readSimpleYaml(text);
  if (simple !== undefined) {
    const origin = { file, lines, aliases: simple.aliases };
    const contents = simple.contents.slice(0, DOCUMENTS);
    return { documents: contents.map((node) => new Cursor(origin, node, node.range?.[0] ?? 0)), faults: [] };
  }
  let documents: readonly Document.Parsed[];
  try {
    // Without uniqueKeys, which compares every key with every other: the keys are looked at below, once.
    const parsed = parseAllDocuments(text, { uniqueKeys: false, logLevel: "silent", prettyErrors: false });
    documents = Array.isArray(parsed) ? parsed.slice(0, DOCUMENTS) : [];
  } catch (thrown) {
    const message = thrown instanceof RangeError ? "It is nested too deep to be read." : String(thrown);
    return { documents: [], faults: [{ kind: "broken", file, line: lines.at(0), message }] };
  }
  const faults: YamlFault[] = [];
  const cursors: Cursor[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      faults.push({ kind: "broken", file, line: lines.at(error.pos[0]), message: oneLine(error.message) });
      continue;
    }
    const { aliases, duplicates } = walk(document);
    for (const { key, offset } of duplicates)
      faults.push({
        kind: "duplicate-key",
        file,
        line: lines.at(offset),
        message: `"${key}" stands twice in this map`,
      });
    if (document.contents !== null)
      cursors.push(new Cursor({ file, lines, aliases }, document.contents, document.contents.range[0]));
  }
  return { documents: cursors, faults: faults.slice(0, FAULTS) };
}

interface Walked {
  readonly aliases: ReadonlyMap<Alias, Node>;
  readonly duplicates: readonly { readonly key: string; readonly offset: number }[];
}

function walk(document: Document.Parsed): Walked {
  const anchors = new Map<string, Node>();
  const aliases = new Map<Alias, Node>();
  const duplicates: { key: string; offset: number }[] = [];
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target !== undefined) aliases.set(node, target);
        return;
      }
      if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchors.set(node.anchor, node);
      if (!isMap(node)) return;
      const seen = new Set<string>();
      for (const { key } of node.items) {
        if (!isScalar(key) || key.value === "<<") continue;
        const name = String(key.value);
        if (seen.has(name)) duplicates.push({ key: name, offset: key.range?.[0] ?? 0 });
        seen.add(name);
      }
    },
  });
  return { aliases, duplicates };
}

function oneLine(message: string): string {
  return (message.split("\n", 1)[0] ?? message).replace(/:$/, "");
}
