/*
 * What a handler may know of a request and its answer. Node's own IncomingMessage and ServerResponse are such, and so are those
 * of the hot routes (`wire/`), so that a handler is written once.
 */

/** A request. Its body is read by `readBody` of `edge/body.ts`. */
export interface HttpRequest {
  readonly method?: string | undefined;
  /** Path and query. */
  readonly url?: string | undefined;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** An answer on its way. The names and their meaning are those of Node's ServerResponse. */
export interface HttpReply {
  statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  /** All of it was handed to the system. */
  readonly writableFinished: boolean;
  /** Bytes that wait to be handed to the system. */
  readonly writableLength: number;
  /** The connection is gone. */
  readonly destroyed: boolean;
  setHeader(name: string, value: string | number): unknown;
  writeHead(status: number, headers?: Readonly<Record<string, string | number>>): unknown;
  write(text: string): unknown;
  end(text?: string): unknown;
  /** Cuts the connection. */
  destroy(): unknown;
  /** `close`: the answer is over, whole or not. `drain`: there is room again after `write` left something waiting. */
  once(event: "close" | "drain", listener: () => void): unknown;
}
