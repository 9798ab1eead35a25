import type { ChildProcess } from "node:child_process";

interface Handle {
  close(): void;
}

function isHandle(value: unknown): value is Handle {
  return typeof value === "object" && value !== null && "close" in value && typeof value.close === "function";
}

function numberOf(message: unknown, name: "seq" | "ack"): number | undefined {
  const value: unknown = typeof message === "object" && message !== null ? Reflect.get(message, name) : undefined;
  return typeof value === "number" ? value : undefined;
}

/**
 * Closes the connections that were on their way to a worker when it ended. Node (24, lib/internal/cluster/round_robin_handle.js)
 * forgets a connection whose worker ends before it has said that it took it, and leaves it open: its client would wait for
 * nothing. `connection` comes as the message `newconn` with a number, the worker's answer names it as `ack`.
 */
export function closeLostHandovers(child: ChildProcess): void {
  const underWay = new Map<number, Handle>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  const watched = (...args: unknown[]): boolean => {
    const [message, handle] = args;
    const seq = numberOf(message, "seq");
    if (seq !== undefined && isHandle(handle)) underWay.set(seq, handle);
    return send(...args);
  };
  Object.defineProperty(child, "send", { value: watched, configurable: true, writable: true });
  child.on("internalMessage", (message: unknown) => {
    const ack = numberOf(message, "ack");
    if (ack !== undefined) underWay.delete(ack);
  });
  child.once("exit", () => {
    for (const handle of underWay.values()) handle.close();
    underWay.clear();
  });
}
