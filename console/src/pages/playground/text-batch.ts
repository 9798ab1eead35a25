/** Gathers pieces of text and hands them on together, at most once per turn of `schedule`. */
export interface TextBatch {
  add(text: string): void;
  /** Hands on what is there, now. */
  flush(): void;
}

/**
 * Makes a batch. `schedule` calls back once, later, and returns how to take that back; in a browser it is the next animation frame,
 * so that tokens which come faster than the screen draws cost one drawing.
 */
export function createTextBatch(schedule: (run: () => void) => () => void, take: (text: string) => void): TextBatch {
  let pending = "";
  let cancel: (() => void) | undefined;
  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    if (pending === "") return;
    const text = pending;
    pending = "";
    take(text);
  };
  return {
    add(text) {
      pending += text;
      cancel ??= schedule(flush);
    },
    flush,
  };
}
