import { type HeapOfKinds, heapOfKinds } from "./heap-snapshot.ts";

/** A running Node process that was started with `--inspect=127.0.0.1:<port>`. */
export type Inspected = {
  /** Bytes of heap in use after a full collection. */
  heapAfterCollection(): Promise<number>;
  /** What the heap holds after a full collection. Takes a snapshot: a second or two for 50 MB. */
  heapOfKinds(): Promise<HeapOfKinds>;
  close(): void;
};

const TIMEOUT_MS = 60_000;

type Answer = {
  id?: number;
  method?: string;
  params?: { chunk?: string };
  result?: { result?: { value?: unknown } };
  error?: { message: string };
};

const HEAP = `process.getBuiltinModule("node:v8").getHeapSpaceStatistics().reduce((all, space) => all + space.space_used_size, 0)`;

/** Connects by the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/). */
export async function inspect(port: number): Promise<Inspected> {
  const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(list[0]?.webSocketDebuggerUrl ?? "");
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error("The inspector cannot be reached")), { once: true });
  });
  let last = 0;
  let chunks: string[] = [];
  const ask = (method: string, params: object = {}): Promise<Answer["result"]> =>
    new Promise((resolve, reject) => {
      last += 1;
      const id = last;
      const timer = setTimeout(() => reject(new Error(`${method} was not answered`)), TIMEOUT_MS);
      const listen = (message: MessageEvent): void => {
        const answer = JSON.parse(String(message.data)) as Answer;
        if (answer.method === "HeapProfiler.addHeapSnapshotChunk") chunks.push(answer.params?.chunk ?? "");
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
      const used = answer?.result?.value;
      if (typeof used !== "number") throw new Error("The inspected process did not say how large its heap is");
      return used;
    },
    async heapOfKinds() {
      chunks = [];
      await ask("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
      const kinds = heapOfKinds(chunks.join(""));
      chunks = [];
      return kinds;
    },
    close: () => socket.close(),
  };
}
