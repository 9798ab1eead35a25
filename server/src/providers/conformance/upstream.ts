import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the upstream does with a request. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written one by one, each on its way before the next is written. */
  readonly pieces: readonly (string | Buffer)[];
  /** After the pieces: end the answer (default), cut the connection, or say nothing more. */
  readonly last?: "end" | "cut" | "hang";
  /** Before the head of the answer. */
  readonly delayMs?: number;
}

/** A request as it came in. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function write(response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.delayMs !== undefined) await pause(reply.delayMs);
  response.writeHead(reply.status ?? 200, { ...reply.headers });
  response.flushHeaders();
  for (const piece of reply.pieces) {
    if (response.destroyed) return;
    // The callback comes when the system has the bytes, so that the pieces do not travel as one.
    await new Promise<void>((resolve) => response.write(piece, () => resolve()));
  }
  if (reply.last === "cut") response.destroy();
  else if (reply.last !== "hang") response.end();
}

/** A real HTTP server on the loopback that answers by script and remembers what it was asked. */
export class ScriptedUpstream {
  readonly received: Received[] = [];
  /** The replies, by the request's path; the last one stays. */
  script: (request: Received) => Reply = () => ({ status: 500, pieces: ["no script"] });
  /** Connections that were opened. */
  connections = 0;
  /** Answers whose connection was closed from the other side before they were over. */
  aborted = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      response.on("close", () => {
        if (!response.writableFinished) this.aborted += 1;
      });
      void this.#answer(request, response);
    });
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      socket.setNoDelay(true);
      socket.on("error", () => {});
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const received = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
    this.received.push(received);
    await write(response, this.script(received));
  }

  /** The address, once it listens. */
  async start(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** A streamed answer. */
export function sse(pieces: readonly (string | Buffer)[], more: Partial<Reply> = {}): Reply {
  return { headers: { "content-type": "text/event-stream" }, pieces, ...more };
}

/** A whole answer. */
export function json(body: string, more: Partial<Reply> = {}): Reply {
  return { headers: { "content-type": "application/json" }, pieces: [body], ...more };
}
