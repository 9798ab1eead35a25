import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { RequestHead } from "#lib/http1/request-head.ts";
import type { HttpRequest } from "../message.ts";

/** One request on a connection of the hot routes. Its length is known and within the bound before it is made. */
export class WireRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The body, when all of it is there; a body that came at once is never anything but text. */
  #text = "";
  /** Pieces of a body that comes in several. */
  #chunks: Buffer[] | undefined;
  #left: number;
  #over = false;
  #resolve: ((body: string) => void) | undefined;
  #reject: ((error: SlipwayError) => void) | undefined;
  /** Why the rest of the body will not come. */
  #failure: SlipwayError | undefined;

  readonly socket: HttpRequest["socket"];

  constructor(head: RequestHead, socket: HttpRequest["socket"]) {
    this.socket = socket;
    this.method = head.method;
    this.url = head.target;
    this.headers = head.headers;
    this.#left = head.contentLength;
  }

  /** Bytes of the body that have not come. */
  get left(): number {
    return this.#left;
  }

  /**
   * Takes the bytes from `start` up to `end`, of which at most `left` are the body's; answers how many those were. What has to stay of them
   * is copied.
   */
  take(data: Buffer, start: number, end: number): number {
    const taken = Math.min(end - start, this.#left);
    if (taken === 0) return 0;
    this.#left -= taken;
    if (this.#over) return taken;
    const last = this.#left === 0;
    if (last && this.#chunks === undefined) this.#text = data.toString("utf8", start, start + taken);
    else {
      (this.#chunks ??= []).push(Buffer.from(data.subarray(start, start + taken)));
      if (last) this.#join(this.#chunks);
    }
    if (last && this.#resolve) this.#resolve(this.#taken());
    return taken;
  }

  /** The body as text, read once; throws or rejects when the client leaves before its end or takes too long over it. */
  body(): string | Promise<string> {
    // It may have left while its token was verified.
    if (this.#failure) throw this.#failure;
    if (this.#left === 0) return this.#taken();
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Nobody needs the body any more: what still comes of it is thrown away. */
  discard(): void {
    this.#over = true;
    this.#text = "";
    this.#chunks = undefined;
  }

  /** The rest of the body will not come. */
  fail(error: SlipwayError): void {
    this.discard();
    this.#failure = error;
    this.#reject?.(error);
  }

  #join(chunks: readonly Buffer[]): void {
    this.#text = Buffer.concat(chunks).toString("utf8");
    this.#chunks = undefined;
  }

  #taken(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }
}
