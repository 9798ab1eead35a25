import { fromHex, sameBytes, type Sha256, toHex } from "./bytes.ts";
import { type Checkpoint, type NoteKey, openCheckpoint, type VerifyEd25519 } from "./checkpoint.ts";
import { type AuditEntry, firstChainHash, isAuditEntry, nextChainHash, recordHash } from "./entry.ts";
import { MerkleTree } from "./merkle.ts";

/*
 * An export is JSON lines: a header with the newest checkpoint, a start where older records are gone, then each record with its
 * chain hash, and each checkpoint right behind the last record that it covers.
 */

/** The first line. */
export interface ExportHeader {
  readonly type: "header";
  readonly format: "slipway-audit-export/1";
  readonly tenantId: string;
  /** The newest checkpoint: the export ends at its size. */
  readonly checkpoint: string;
}

/** A checkpoint from which a log is followed on when what came before has been removed. */
export interface ExportStart {
  readonly type: "start";
  readonly checkpoint: string;
  /** Roots of the whole subtrees, largest first, in hexadecimal. */
  readonly peaks: readonly string[];
  /** In hexadecimal. */
  readonly chainHash: string;
}

export interface ExportRecord {
  readonly type: "record";
  readonly entry: AuditEntry;
  /** In hexadecimal. */
  readonly chainHash: string;
}

export interface ExportCheckpoint {
  readonly type: "checkpoint";
  readonly checkpoint: string;
}

export type ExportLine = ExportHeader | ExportStart | ExportRecord | ExportCheckpoint;

/** What was found wrong, and the first record that may be concerned, by its number in the log. */
export interface ExportFault {
  readonly seq: number;
  readonly message: string;
}

/** What an export holds when nothing is wrong with it. */
export interface ExportFacts {
  readonly tenantId: string;
  readonly first: number;
  readonly last: number;
  readonly checkpoints: number;
}

interface Tools {
  readonly sha256: Sha256;
  readonly verify: VerifyEd25519;
}

/** Follows an export line by line. The first thing wrong is the answer; lines after it are not looked at. */
export class ExportVerifier {
  readonly #tools: Tools;
  readonly #key: NoteKey;
  /** Checkpoints that must come true, of the header and from elsewhere, by ascending size. */
  readonly #expected: Checkpoint[] = [];
  #fault: ExportFault | undefined;
  #header: ExportHeader | undefined;
  #tree: MerkleTree;
  #chain: Uint8Array = new Uint8Array(0);
  #first = 1;
  #checkpoints = 0;
  /** Records up to here are under a checkpoint. */
  #covered = 0;

  /** `known`: checkpoints of this log that were kept elsewhere; the export must reach and agree with each. */
  constructor(tools: Tools, key: NoteKey, known: readonly string[] = []) {
    this.#tools = tools;
    this.#key = key;
    this.#tree = new MerkleTree(tools.sha256);
    for (const note of known) this.#expect(note, "The checkpoint that was kept elsewhere");
  }

  /** Takes the next line; false when something is wrong, now or before. */
  line(text: string): boolean {
    if (this.#fault) return false;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return this.#wrong(this.#next, "The line is no JSON.");
    }
    if (typeof value !== "object" || value === null || !("type" in value))
      return this.#wrong(this.#next, "The line is none of an export.");
    // Each way below looks at every field that it uses.
    const line = value as Readonly<Record<string, unknown>>;
    if (!this.#header) return this.#begin(line);
    if (line["type"] === "record") return this.#record(line);
    if (line["type"] === "checkpoint") return this.#checkpoint(line["checkpoint"]);
    if (line["type"] === "start" && this.#tree.size === 0) return this.#start(line);
    return this.#wrong(this.#next, "The line is out of place.");
  }

  /** The end of the export: its facts, or what is wrong. */
  end(): ExportFacts | ExportFault {
    if (!this.#fault && !this.#header) this.#wrong(1, "The export is empty.");
    const missing = this.#expected[0];
    if (!this.#fault && missing) {
      this.#wrong(this.#next, `The log has ${missing.size} records, as a checkpoint says, and the export ends before.`);
    }
    if (!this.#fault && this.#covered < this.#tree.size) {
      this.#wrong(this.#covered + 1, "No checkpoint covers the records from here on.");
    }
    if (this.#fault) return this.#fault;
    const tenantId = this.#header?.tenantId ?? "";
    return { tenantId, first: this.#first, last: this.#tree.size, checkpoints: this.#checkpoints };
  }

  get #next(): number {
    return this.#tree.size + 1;
  }

  #wrong(seq: number, message: string): false {
    this.#fault ??= { seq, message };
    return false;
  }

  #begin(line: Readonly<Record<string, unknown>>): boolean {
    const { type, format, tenantId, checkpoint } = line;
    if (type !== "header" || format !== "slipway-audit-export/1" || typeof tenantId !== "string")
      return this.#wrong(1, "The first line is no header of an export.");
    if (typeof checkpoint !== "string" || !this.#expect(checkpoint, "The header's checkpoint"))
      return this.#wrong(1, "The header has no checkpoint.");
    this.#header = { type, format, tenantId, checkpoint };
    this.#chain = firstChainHash(this.#tools.sha256, tenantId);
    return true;
  }

  #expect(note: string, what: string): boolean {
    const opened = openCheckpoint(this.#tools, note, this.#key);
    if (typeof opened === "string") return this.#wrong(1, `${what} does not hold: ${opened}.`);
    this.#expected.push(opened);
    this.#expected.sort((a, b) => a.size - b.size);
    return true;
  }

  /** Goes on from a checkpoint whose records are gone: its peaks must make its root. */
  #start(line: Readonly<Record<string, unknown>>): boolean {
    const { checkpoint, peaks, chainHash } = line;
    const chain = typeof chainHash === "string" ? fromHex(chainHash) : undefined;
    const hashes = Array.isArray(peaks)
      ? peaks.map((peak) => (typeof peak === "string" ? fromHex(peak) : undefined))
      : [];
    const opened = openCheckpoint(this.#tools, typeof checkpoint === "string" ? checkpoint : "", this.#key);
    if (typeof opened === "string") return this.#wrong(1, `The checkpoint of the start does not hold: ${opened}.`);
    const whole = hashes.filter((hash) => hash?.length === 32).map((hash) => hash ?? new Uint8Array(0));
    try {
      this.#tree = new MerkleTree(this.#tools.sha256, opened.size, whole);
    } catch {
      return this.#wrong(1, "The start has another number of subtrees than its size.");
    }
    if (chain?.length !== 32 || whole.length !== hashes.length || !sameBytes(this.#tree.root(), opened.root))
      return this.#wrong(1, "The start does not make the root of its checkpoint.");
    this.#chain = chain;
    this.#first = opened.size + 1;
    this.#covered = opened.size;
    // A checkpoint of before the start cannot be looked at any more; one at the start is the same state.
    while (this.#expected[0] && this.#expected[0].size < opened.size) this.#expected.shift();
    return this.#meet(opened);
  }

  #record({ entry, chainHash }: Readonly<Record<string, unknown>>): boolean {
    const { sha256 } = this.#tools;
    const seq = this.#next;
    if (!isAuditEntry(entry)) return this.#wrong(seq, "The record does not have the fields of one.");
    if (entry.seq !== seq) return this.#wrong(seq, `Record ${seq} is not where it belongs; ${entry.seq} is there.`);
    if (entry.tenantId !== this.#header?.tenantId) return this.#wrong(seq, "The record is another tenant's.");
    let hash: Uint8Array;
    try {
      hash = recordHash(sha256, entry);
    } catch {
      return this.#wrong(seq, "The record has no canonical form.");
    }
    const chain = nextChainHash(sha256, this.#chain, hash);
    if (toHex(chain) !== chainHash) return this.#wrong(seq, "The record's chain hash is not that of what it says.");
    this.#chain = chain;
    this.#tree.append(hash);
    return this.#meetExpected();
  }

  #checkpoint(note: unknown): boolean {
    const opened = openCheckpoint(this.#tools, typeof note === "string" ? note : "", this.#key);
    if (typeof opened === "string") return this.#wrong(this.#covered + 1, `A checkpoint does not hold: ${opened}.`);
    if (opened.size !== this.#tree.size)
      return this.#wrong(
        Math.min(this.#next, opened.size + 1),
        `A checkpoint of ${opened.size} records is out of place.`,
      );
    this.#checkpoints += 1;
    return this.#meet(opened);
  }

  #meetExpected(): boolean {
    for (;;) {
      const [expected] = this.#expected;
      if (!expected || expected.size !== this.#tree.size) return true;
      this.#expected.shift();
      if (!this.#meet(expected)) return false;
    }
  }

  #meet(checkpoint: Checkpoint): boolean {
    if (!sameBytes(checkpoint.root, this.#tree.root())) {
      const from = this.#covered + 1;
      return this.#wrong(from, `A record from ${from} to ${checkpoint.size} is not what was signed.`);
    }
    this.#covered = checkpoint.size;
    return this.#meetExpected();
  }
}
