import { bytesOf, type Sha256 } from "./bytes.ts";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The hash of a leaf: RFC 6962, section 2.1. */
export function leafHash(sha256: Sha256, data: Uint8Array): Uint8Array {
  return sha256(LEAF, data);
}

/**
 * The Merkle tree hash of RFC 6962, section 2.1, over a growing list of leaves. Only the roots of the whole subtrees ("peaks",
 * largest first) are kept: at most one for each binary digit of the size.
 */
export class MerkleTree {
  readonly #sha256: Sha256;
  readonly #peaks: Uint8Array[];
  #size: number;

  /** An empty tree, or one that is grown on from a size and its peaks. Throws RangeError when there are not as many as the size has ones. */
  constructor(sha256: Sha256, size = 0, peaks: readonly Uint8Array[] = []) {
    if (!Number.isSafeInteger(size) || size < 0 || ones(size) !== peaks.length) {
      throw new RangeError("A tree of this size has another number of peaks.");
    }
    this.#sha256 = sha256;
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size(): number {
    return this.#size;
  }

  get peaks(): readonly Uint8Array[] {
    return this.#peaks;
  }

  /** Appends the hash of a leaf. */
  append(leaf: Uint8Array): void {
    let peak = leaf;
    // Two subtrees of one height become one, as a carry goes through the ones at the end of a binary number.
    for (let size = this.#size; size % 2 === 1; size = Math.floor(size / 2)) {
      peak = this.#sha256(NODE, this.#peaks.pop() ?? peak, peak);
    }
    this.#peaks.push(peak);
    this.#size += 1;
  }

  /** The tree's root; of an empty tree the hash of nothing. */
  root(): Uint8Array {
    let root: Uint8Array | undefined;
    for (const peak of this.#peaks.toReversed()) root = root ? this.#sha256(NODE, peak, root) : peak;
    return root ?? this.#sha256(bytesOf(""));
  }

  /** A copy that grows by itself. */
  copy(): MerkleTree {
    return new MerkleTree(this.#sha256, this.#size, this.#peaks);
  }
}

function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
