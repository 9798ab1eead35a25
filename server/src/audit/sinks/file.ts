import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { AuditSink, Delivery } from "./sink.ts";

/** What the file sink is told. */
export interface FileSettings {
  readonly path: string;
  /** A file that would grow beyond this becomes `<path>.1`, that one `<path>.2`, and so on. */
  readonly maxBytes: number;
  /** Older files that are kept; what would come after them is removed. */
  readonly keep: number;
  /** `batch`: every delivery is on the disk before it counts as delivered. `none`: the system writes when it likes. */
  readonly fsync: "batch" | "none";
}

const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR;
// Records name people: nobody else on the machine reads them.
const MODE = 0o600;

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOSPC") return "the disk is full";
  return error.message;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Appends records to a file as lines. */
class FileSink implements AuditSink {
  readonly name = "file";
  readonly target: string;
  readonly most = { records: 1000, bytes: 1024 * 1024 };
  readonly deadlineMs = 30_000;
  readonly #settings: FileSettings;
  #file: FileHandle | undefined;
  #size = 0;

  constructor(settings: FileSettings) {
    this.#settings = settings;
    this.target = settings.path;
  }

  async deliver(records: readonly { readonly json: string }[]): Promise<Delivery> {
    const lines = Buffer.from(records.map(({ json }) => `${json}\n`).join(""));
    try {
      let file = await this.#open();
      if (this.#size > 0 && this.#size + lines.length > this.#settings.maxBytes) {
        await this.#rotate();
        file = await this.#open();
      }
      await this.#append(file, lines);
      return { kind: "delivered", count: records.length };
    } catch (error) {
      await this.close();
      return { kind: "failed", reason: reasonOf(error) };
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => {});
  }

  /** The file at the path: opened again when somebody has moved it away. */
  async #open(): Promise<FileHandle> {
    if (this.#file && (await this.#isAtPath(this.#file))) return this.#file;
    await this.close();
    await mkdir(dirname(this.#settings.path), { recursive: true });
    const file = await open(this.#settings.path, APPEND, MODE);
    this.#file = file;
    this.#size = (await file.stat()).size;
    await this.#endTornLine(file);
    if (this.#settings.fsync === "batch") await syncFolder(this.#settings.path);
    return file;
  }

  async #isAtPath(file: FileHandle): Promise<boolean> {
    const [own, there] = await Promise.all([file.stat(), stat(this.#settings.path).catch(() => undefined)]);
    return there?.ino === own.ino && there.dev === own.dev;
  }

  // A process that died while it wrote leaves half a line. Its record comes again, so the half one is ended, not removed: the file
  // may be another's by mistake, or another process may still be writing to it.
  async #endTornLine(file: FileHandle): Promise<void> {
    if (this.#size === 0) return;
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, this.#size - 1);
    if (buffer.toString() !== "\n") await this.#append(file, Buffer.from("\n"));
  }

  async #append(file: FileHandle, bytes: Buffer): Promise<void> {
    const before = this.#size;
    let written = 0;
    try {
      while (written < bytes.length) {
        const { bytesWritten } = await file.write(bytes, written, bytes.length - written);
        written += bytesWritten;
      }
      if (this.#settings.fsync === "batch") await file.datasync();
      this.#size = before + written;
    } catch (error) {
      // A full disk takes a part: take it back, so that no half line stays and no record is there twice.
      const { size } = await file.stat();
      if (size === before + written) await file.truncate(before).catch(() => {});
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    const { path, keep, fsync } = this.#settings;
    await this.close();
    await rm(keep === 0 ? path : `${path}.${keep}`, { force: true });
    for (let age = keep; age >= 1; age -= 1) {
      const younger = age === 1 ? path : `${path}.${age - 1}`;
      await rename(younger, `${path}.${age}`).catch((error: unknown) => {
        // There are not so many yet.
        if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      });
    }
    if (fsync === "batch") await syncFolder(path);
  }
}

/**
 * The sink for a file of JSON lines that only the server's user may read. It is rotated by its size and its count is bounded; on a
 * full disk nothing is half written, and the records wait.
 */
export function createFileSink(settings: FileSettings): AuditSink {
  return new FileSink(settings);
}
