import { type Node, Pair, type ParsedNode, type Range, Scalar, YAMLMap, YAMLSeq } from "yaml";

/*
 * Nodes of the library, made quicker: its constructors define properties of each node one by one, which takes longer than all else
 * there is to do for one. What is made here has a node of the library as its prototype and is one to all who read it.
 */

class QuickScalar {
  readonly value: unknown;
  readonly source: string;
  readonly type: Scalar.Type;
  readonly range: Range;

  constructor(value: unknown, type: Scalar.Type, range: Range, source: string) {
    this.value = value;
    this.source = source;
    this.type = type;
    this.range = range;
  }
}
Object.setPrototypeOf(QuickScalar.prototype, new Scalar(null));

class QuickCollection<Item> {
  readonly items: Item[] = [];
  range: ParsedNode["range"] | undefined = undefined;
}
class QuickMap extends QuickCollection<Pair<Node, Node>> {}
Object.setPrototypeOf(QuickMap.prototype, new YAMLMap());
class QuickList extends QuickCollection<Node> {}
Object.setPrototypeOf(QuickList.prototype, new YAMLSeq());

class QuickPair {
  readonly key: Node;
  readonly value: Node;

  constructor(key: Node, value: Node) {
    this.key = key;
    this.value = value;
  }
}
Object.setPrototypeOf(QuickPair.prototype, new Pair(null));

/** A scalar as it is read, `source` as the library gives it: the text without quotes. */
export function scalarOf(value: unknown, type: Scalar.Type, range: Range, source = String(value)): Scalar {
  return new QuickScalar(value, type, range, source) as unknown as Scalar;
}

/** A map without members. */
export function emptyMap(): YAMLMap<Node, Node> {
  return new QuickMap() as unknown as YAMLMap<Node, Node>;
}

/** A list without items. */
export function emptyList(): YAMLSeq<Node> {
  return new QuickList() as unknown as YAMLSeq<Node>;
}

/** A member of a map. */
export function pairOf(key: Node, value: Node): Pair<Node, Node> {
  return new QuickPair(key, value) as unknown as Pair<Node, Node>;
}
