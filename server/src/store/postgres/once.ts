/** A task that runs until it has succeeded once: callers share a run, a success is kept, a failure is tried again by the next caller. */
export function once(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let done = false;
  return async () => {
    if (done) return;
    const mine = (running ??= task());
    try {
      await mine;
      done = true;
    } finally {
      if (running === mine) running = undefined;
    }
  };
}
