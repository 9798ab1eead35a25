import { type FSWatcher, watch } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** How quickly a change is seen, in milliseconds. */
export interface FileWatchTiming {
  /** From the first event of a burst to the look at the file. */
  readonly settleMs: number;
  /** Between looks without any event: mounted volumes, and files that a link leads to, send none. */
  readonly pollMs: number;
}

/** What tells one state of a file from another; empty when there is none. */
async function markOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? "" : `${found.dev}:${found.ino}:${found.size}:${found.mtimeMs}`;
}

/**
 * Calls `onChange` when the file was made, changed, replaced or removed and is the same at two looks, one call at a time. Its folder is watched and not the file,
 * because an editor that saves by renaming takes the watched file away.
 */
export function watchFile(path: string, timing: FileWatchTiming, onChange: () => Promise<void>): { close(): void } {
  let mark: string | undefined;
  // What was seen last. A file that is still being written is another one at the next look, and is not taken before it rests.
  let seen: string | undefined;
  let looking = false;
  let settling: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  let closed = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const now = await markOf(path);
    const rests = now === seen;
    seen = now;
    if (mark === undefined) mark = now;
    if (mark !== now && !rests) lookSoon();
    else if (mark !== now) {
      await onChange().catch(() => {});
      mark = now;
    }
    looking = false;
  };
  const lookSoon = (): void => {
    if (closed) return;
    settling ??= setTimeout(() => {
      settling = undefined;
      void look();
    }, timing.settleMs).unref();
  };
  void look();
  const poll = setInterval(() => void look(), timing.pollMs);
  poll.unref();
  try {
    watcher = watch(dirname(path), { persistent: false }, lookSoon);
    watcher.on("error", () => watcher?.close());
  } catch {
    // There is no such folder, or the system has no watches left: the poll sees what changes.
  }
  return {
    close() {
      closed = true;
      clearInterval(poll);
      clearTimeout(settling);
      watcher?.close();
    },
  };
}
