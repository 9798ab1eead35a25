import { firstChainHash } from "@slipway/contracts/audit/entry.ts";
import { MerkleTree } from "@slipway/contracts/audit/merkle.ts";
import { sha256 } from "#lib/sha256.ts";
import type { AuditChain, AuditCheckpoint, ChainStretch } from "#store/audit-chain.ts";
import type { CheckpointSigner } from "./signer.ts";

/** Links of one look: hashing them holds everything else up for half a millisecond, 2 ms on a slow machine. */
const PAGE = 250;
const HASH_BYTES = 32;
const MOST_GROWN = 1000;
/** Tenants that are asked for at a time. */
const TENANTS = 1000;
/** So many failures one after another are not the tenants': the database is away, and is not waited for once for each of them. */
const MOST_FAILURES = 10;

/** A tenant's log as far as it has been read for signing. */
interface Grown {
  readonly tree: MerkleTree;
  chainHash: Uint8Array;
  position: number;
}

/** A round over the logs that have grown, as far as it has come. */
interface Round {
  /** Some of them, by their ids. */
  tenants: readonly string[];
  /** The next of these. */
  at: number;
  /** Logs that failed one after another. */
  failures: number;
  /** There may be others behind these. */
  more: boolean;
}

/** Told of a log that is not signed. */
export interface CheckpointingEvents {
  /** Of the first record that does not follow the one before it. */
  readonly onBroken: (tenantId: string, seq: number) => void;
  /** Of what failed on the way; the log is taken up again in the next round. */
  readonly onFailed: (tenantId: string, error: unknown) => void;
}

/**
 * Signs what the database holds, and not what was sent to it: before a checkpoint every link since the one before is read again, and
 * its chain hash made anew there. A log that does not fit together is not signed.
 */
export class Checkpointing {
  readonly #chain: AuditChain;
  readonly #signer: CheckpointSigner;
  readonly #events: CheckpointingEvents;
  readonly #grown = new Map<string, Grown>();
  #round: Round | undefined;

  constructor(chain: AuditChain, signer: CheckpointSigner, events: CheckpointingEvents) {
    this.#chain = chain;
    this.#signer = signer;
    this.#events = events;
  }

  /** Has the next round begin with the first log, wherever the one before ended. */
  begin(): void {
    this.#round = undefined;
  }

  /**
   * Goes on with the round over every log that has grown, for about `ms` milliseconds. Answers how many checkpoints were made, and whether
   * the round is over; then the next begins. Rejects when log after log fails; called again it goes on behind them.
   */
  async signFor(ms: number): Promise<{ readonly made: number; readonly over: boolean }> {
    const until = performance.now() + ms;
    const round = (this.#round ??= { tenants: [], at: 0, failures: 0, more: true });
    let made = 0;
    do {
      const tenantId = await this.#next(round);
      if (tenantId === undefined) {
        this.#round = undefined;
        return { made, over: true };
      }
      if (await this.#tried(tenantId, round, until)) made += 1;
    } while (performance.now() < until);
    return { made, over: false };
  }

  /** Forgets what was read, after another process may have gone on. */
  forget(): void {
    this.#grown.clear();
  }

  /** The log that the round comes to next. Those that are broken, or failed, stay among those that have grown, and hold up nobody behind them. */
  async #next(round: Round): Promise<string | undefined> {
    if (round.at === round.tenants.length && round.more) {
      round.tenants = await this.#chain.unsigned(round.tenants.at(-1) ?? "", TENANTS);
      round.at = 0;
      round.more = round.tenants.length === TENANTS;
    }
    const tenantId = round.tenants[round.at];
    if (tenantId !== undefined) round.at += 1;
    return tenantId;
  }

  async #tried(tenantId: string, round: Round, until: number): Promise<boolean> {
    try {
      const { made, whole } = await this.#sign(tenantId, until);
      if (!whole) round.at -= 1;
      round.failures = 0;
      return made;
    } catch (error) {
      this.#events.onFailed(tenantId, error);
      round.failures += 1;
      if (round.failures < MOST_FAILURES) return false;
      round.failures = 0;
      throw error;
    }
  }

  /** A log that takes longer is signed as far as it was read until then, and is not whole. */
  async #sign(tenantId: string, until: number): Promise<{ readonly made: boolean; readonly whole: boolean }> {
    const grown = this.#grown.get(tenantId) ?? grownFrom(tenantId, await this.#chain.latestCheckpoint(tenantId));
    // What fails on the way is begun anew from the last checkpoint.
    this.#grown.delete(tenantId);
    const before = grown.tree.size;
    let whole = false;
    do {
      const stretch = await this.#chain.stretch(tenantId, { seq: grown.tree.size, chainHash: grown.chainHash }, PAGE);
      if (!goOn(grown, stretch)) {
        this.#events.onBroken(tenantId, grown.tree.size + 1);
        return { made: false, whole: true };
      }
      whole = stretch.links < PAGE;
    } while (!whole && performance.now() < until);
    const { tree, chainHash, position } = grown;
    if (tree.size === before) return { made: false, whole };
    const root = tree.root();
    const note = this.#signer.sign(tenantId, tree.size, root);
    const peaks = Buffer.concat(tree.peaks);
    await this.#chain.addCheckpoint(tenantId, { size: tree.size, position, root, chainHash, peaks, note });
    if (this.#grown.size >= MOST_GROWN) this.#grown.clear();
    this.#grown.set(tenantId, grown);
    return { made: true, whole };
  }
}

/** Goes on by links; false when there is one that does not follow the one before it. */
function goOn(grown: Grown, { links, position, chainHash, recordHashes }: ChainStretch): boolean {
  for (let at = 0; at < recordHashes.length; at += HASH_BYTES) {
    grown.tree.append(recordHashes.subarray(at, at + HASH_BYTES));
  }
  if (chainHash) {
    grown.chainHash = chainHash;
    grown.position = position;
  }
  return recordHashes.length === links * HASH_BYTES;
}

function grownFrom(tenantId: string, checkpoint: AuditCheckpoint | undefined): Grown {
  if (!checkpoint) return { tree: new MerkleTree(sha256), chainHash: firstChainHash(sha256, tenantId), position: 0 };
  const { size, peaks, chainHash, position } = checkpoint;
  const split = Array.from({ length: peaks.length / 32 }, (_, at) => peaks.subarray(32 * at, 32 * at + 32));
  return { tree: new MerkleTree(sha256, size, split), chainHash, position };
}
