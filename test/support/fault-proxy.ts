import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What the proxy does with one request. `after` is a text of the answer; what is done is done at the end of its line. */
export type Fault =
  | { readonly kind: "pass" }
  /** Resets the connection: without a byte of the answer, or after a part of it. */
  | { readonly kind: "reset"; readonly after?: string }
  /** Says nothing, or nothing more. */
  | { readonly kind: "stall"; readonly after?: string }
  /** Goes on with bytes that are no HTTP chunk. */
  | { readonly kind: "garble"; readonly after: string }
  /** Goes on with a whole event that is no JSON, and then says nothing more. */
  | { readonly kind: "nonsense"; readonly after: string }
  /** Begins the answer late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Answers itself. */
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>> };

/** A TCP proxy in front of an HTTP server that breaks what it is told to break. */
export interface FaultProxy {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Whole requests that came in. */
  readonly requests: number;
  /** Does these with the next requests, one each, and passes on what comes after them. */
  next(...faults: readonly Fault[]): void;
  /** Does what this says with every request, until it is told otherwise; `count` counts the requests from 0. */
  always(fault: (count: number) => Fault): void;
  /** Takes no connections, and cuts those there are. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

const PASS: Fault = { kind: "pass" };
const NONSENSE = 'data: {"type": "this is no JSO\n\n';

/** The length of the first whole request in these bytes, or undefined while it is not whole. Bodies have a `content-length`. */
function requestLength(bytes: Buffer): number | undefined {
  const head = bytes.indexOf("\r\n\r\n");
  if (head === -1) return undefined;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, head));
  const whole = head + 4 + Number(length?.[1] ?? 0);
  return bytes.length >= whole ? whole : undefined;
}

function canned({ status, headers = {} }: Fault & { readonly kind: "answer" }): string {
  const body = JSON.stringify({ error: { message: "the fault proxy says so", type: "server_error" } });
  const lines = Object.entries({
    "content-type": "application/json",
    "content-length": String(body.length),
    ...headers,
  });
  return `HTTP/1.1 ${status} Fault\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

/** Passes the answer on up to the end of the line that holds the text, then calls `done` and passes no more. */
function passUntil(upstream: Socket, client: Socket, after: string, done: () => void): void {
  let seen = "";
  let over = false;
  upstream.on("data", (chunk: Buffer) => {
    if (over) return;
    const before = seen.length;
    seen += chunk.toString("latin1");
    const at = seen.indexOf(after);
    const end = at === -1 ? -1 : seen.indexOf("\n\n", at + after.length);
    if (end === -1) {
      client.write(chunk);
      return;
    }
    over = true;
    client.write(chunk.subarray(0, end + 2 - before), done);
  });
}

class Proxy implements FaultProxy {
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #port = 0;
  #faults: Fault[] = [];
  #always: ((count: number) => Fault) | undefined;
  requests = 0;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = this.#make();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  next(...faults: readonly Fault[]): void {
    this.#always = undefined;
    this.#faults = [...faults];
  }

  always(fault: (count: number) => Fault): void {
    let count = 0;
    this.#always = () => fault(count++);
  }

  async refuse(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async accept(): Promise<void> {
    this.#server = this.#make();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.refuse();
  }

  #make(): Server {
    return createServer((client) => {
      this.#hold(client);
      let bytes = Buffer.alloc(0);
      client.on("data", (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        const length = requestLength(bytes);
        if (length === undefined) return;
        const request = bytes.subarray(0, length);
        bytes = bytes.subarray(length);
        this.requests += 1;
        this.#serve(client, request, this.#always?.(0) ?? this.#faults.shift() ?? PASS);
      });
    });
  }

  #hold(socket: Socket): void {
    socket.setNoDelay(true);
    // One for each request on the connection.
    socket.setMaxListeners(0);
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #serve(client: Socket, request: Buffer, fault: Fault): void {
    if (fault.kind === "answer") return void client.write(canned(fault));
    if (fault.kind === "reset" && fault.after === undefined) return void client.resetAndDestroy();
    if (fault.kind === "stall" && fault.after === undefined) return;
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    this.#hold(upstream);
    client.once("close", () => upstream.destroy());
    if (fault.kind === "slow") setTimeout(() => upstream.write(request), fault.ms);
    else upstream.write(request);
    if (fault.kind === "pass" || fault.kind === "slow") upstream.on("data", (chunk) => client.write(chunk));
    else
      passUntil(upstream, client, fault.after ?? "", () => {
        if (fault.kind === "reset") client.resetAndDestroy();
        else if (fault.kind === "garble") client.write("this is no chunk\r\n\r\n");
        else if (fault.kind === "nonsense") client.write(`\r\n${NONSENSE.length.toString(16)}\r\n${NONSENSE}\r\n`);
        upstream.destroy();
      });
  }
}

/** Starts a proxy in front of this origin that passes everything on. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const proxy = new Proxy(target);
  await proxy.accept();
  return proxy;
}
