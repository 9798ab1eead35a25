import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** Hands requests on as they are and keeps what was sent: the mock tells only what it understood of it. */
export interface RecordingProxy {
  readonly url: string;
  /** The body of the last request, as text. */
  lastBody(): string;
  close(): Promise<void>;
}

/** A proxy in front of `target`, `http://host:port`. */
export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  let last = "";
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    const onward = request(
      target + (req.url ?? "/"),
      { method: req.method, headers: { ...req.headers, host: new URL(target).host } },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
        answer.on("error", () => res.destroy());
      },
    );
    onward.on("error", () => res.destroy());
    res.on("close", () => onward.destroy());
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => (last = Buffer.concat(chunks).toString("utf8")));
    req.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    lastBody: () => last,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
