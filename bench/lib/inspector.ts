/** A running Node process that was started with `--inspect=127.0.0.1:<port>`. */
export type Inspected = {
  /** Bytes of heap in use after a full collection, and how many of them are V8's own: bytecode, machine code, what it learned of them. */
  heapAfterCollection(): Promise<{ readonly used: number; readonly code: number }>;
  close(): void;
};

const TIMEOUT_MS = 20_000;

type Answer = { id?: number; result?: { result?: { value?: unknown } }; error?: { message: string } };

/** `[all, V8's code]`; code and what belongs to it lie in spaces of their own (https://nodejs.org/api/v8.html, "v8.getHeapSpaceStatistics()"). */
const HEAP = `process.getBuiltinModule("node:v8").getHeapSpaceStatistics().reduce(([all, code], space) => {
  const used = space.space_used_size;
  return [all + used, code + (/code|trusted/.test(space.space_name) ? used : 0)];
}, [0, 0])`;

/** Connects by the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/). */
export async function inspect(port: number): Promise<Inspected> {
  const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(list[0]?.webSocketDebuggerUrl ?? "");
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("The inspector cannot be reached")), { once: true });
  });
  let last = 0;
  const ask = (method: string, params: object = {}): Promise<Answer["result"]> =>
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
      socket.send(JSON.stringify({ id, method, params }));
    });
  return {
    async heapAfterCollection() {
      await ask("HeapProfiler.collectGarbage");
      const answer = await ask("Runtime.evaluate", { expression: HEAP, returnByValue: true });
      const sizes = answer?.result?.value;
      if (!Array.isArray(sizes)) throw new Error("The inspected process did not say how large its heap is");
      const [used, code] = sizes.map(Number);
      return { used: used ?? 0, code: code ?? 0 };
    },
    close: () => socket.close(),
  };
}
