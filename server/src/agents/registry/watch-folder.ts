import { watch, type FSWatcher } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** How quickly changes are seen. */
export interface WatchTiming {
  /** Milliseconds from the first event of a burst to the look at the folder. */
  readonly settleMs: number;
  /** Milliseconds between looks without any event: mounts and folders made later send none. */
  readonly pollMs: number;
}

const MAX_FOLDERS = 500;

/** The folder and those below it, each with the mark of the one that it is now; empty when there is none. */
async function foldersBelow(path: string, found = new Map<string, string>()): Promise<Map<string, string>> {
  const self = await stat(path).catch(() => undefined);
  if (self?.isDirectory() !== true || found.size >= MAX_FOLDERS) return found;
  found.set(`${path}:${self.ino}`, path);
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const mayBeFolder = entry.isDirectory() || entry.isSymbolicLink();
    if (mayBeFolder && !entry.name.startsWith(".") && entry.name !== "node_modules") {
      await foldersBelow(join(path, entry.name), found);
    }
  }
  return found;
}

/**
 * Calls `onChange` when something in the folder may have changed; the callee finds out what. Every folder is watched by itself,
 * because Node's own recursive watch on Linux watches files and loses one that an editor replaces by renaming (seen with Node 24.21).
 */
class FolderWatch {
  readonly #dir: string;
  readonly #timing: WatchTiming;
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #poll: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(dir: string, timing: WatchTiming, onChange: () => void) {
    this.#dir = dir;
    this.#timing = timing;
    this.#onChange = onChange;
    this.#poll = setInterval(() => this.#look(), timing.pollMs);
    this.#poll.unref();
  }

  /** Watches the folders that are there now and forgets those that are gone. */
  async follow(): Promise<void> {
    const folders = await foldersBelow(this.#dir);
    if (this.#closed) return;
    for (const [mark, watcher] of this.#watchers) {
      if (folders.has(mark)) continue;
      watcher.close();
      this.#watchers.delete(mark);
    }
    for (const [mark, path] of folders) if (!this.#watchers.has(mark)) this.#watch(mark, path);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(mark: string, path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, () => this.#changed());
      watcher.on("error", () => {
        watcher.close();
        this.#watchers.delete(mark);
      });
      this.#watchers.set(mark, watcher);
    } catch {
      // The folder is gone again, or the system has no watches left: the poll sees what changes.
    }
  }

  // The wait runs from the first event and is not begun anew by the next: a file that is written without pause is still seen.
  #changed(): void {
    if (this.#closed || this.#settling !== undefined) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.#look();
    }, this.#timing.settleMs);
    this.#settling.unref();
  }

  #look(): void {
    // New folders are watched before they are read, so that no change falls between the two.
    void this.follow().then(() => {
      if (!this.#closed) this.#onChange();
    });
  }
}

/** Begins to watch a folder, which need not exist yet; resolves when every folder in it is watched. */
export async function watchFolder(dir: string, timing: WatchTiming, onChange: () => void): Promise<{ close(): void }> {
  const watcher = new FolderWatch(dir, timing, onChange);
  await watcher.follow();
  return watcher;
}
