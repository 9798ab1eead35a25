/** A running Node process that was started with `--inspect=127.0.0.1:<port>`. */
export type Inspected = {
  /** Bytes of heap in use after a full collection. */
  heapAfterCollection(): Promise<number>;
  close(): void;
};

const TIMEOUT_MS = 20_000;

type Answer = { id?: number; result?: { usedSize?: number }; error?: { message: string } };

/** Connects by the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/). */
export async function inspect(port: number): Promise<Inspected> {
  const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(list[0]?.webSocketDebuggerUrl ?? "");
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("The inspector cannot be reached")), { once: true });
  });
  let last = 0;
  const ask = (method: string): Promise<Answer["result"]> =>
    new Promise((resolve, reject) => {
      last += 1;
      const id = last;
      const timer = setTimeout(() => reject(new Error(`${method} was not answered`)), TIMEOUT_MS);
      const listen = (message: MessageEvent): void => {
        const answer = JSON.parse(String(message.data)) as Answer;
        if (answer.id !== id) return;
        clearTimeout(timer);
        socket.removeEventListener("message", listen);
        if (answer.error) reject(new Error(answer.error.message));
        else resolve(answer.result);
      };
      socket.addEventListener("message", listen);
      socket.send(JSON.stringify({ id, method }));
    });
  return {
    async heapAfterCollection() {
      await ask("HeapProfiler.collectGarbage");
      return (await ask("Runtime.getHeapUsage"))?.usedSize ?? 0;
    },
    close: () => socket.close(),
  };
}
