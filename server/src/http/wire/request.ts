import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { RequestHead } from "#lib/http1/request-head.ts";
import type { HttpRequest } from "../message.ts";

/** One request on a connection of the hot routes. Its length is known and within the bound before it is made. */
export class WireRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly #chunks: Buffer[] = [];
  #left: number;
  #over = false;
  #resolve: ((body: string) => void) | undefined;
  #reject: ((error: SlipwayError) => void) | undefined;

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

  /** Takes the next bytes, of which at most `left` are the body's; answers how many those were. */
  take(data: Buffer): number {
    const taken = Math.min(data.length, this.#left);
    if (taken === 0) return 0;
    this.#left -= taken;
    if (!this.#over) this.#chunks.push(taken === data.length ? data : data.subarray(0, taken));
    if (this.#left === 0 && this.#resolve) this.#resolve(this.#text());
    return taken;
  }

  /** The body as text, read once; rejects when the client leaves before its end or takes too long over it. */
  body(): string | Promise<string> {
    if (this.#left === 0) return this.#text();
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Nobody needs the body any more: what still comes of it is thrown away. */
  discard(): void {
    this.#over = true;
    this.#chunks.length = 0;
  }

  /** The rest of the body will not come. */
  fail(error: SlipwayError): void {
    this.discard();
    this.#reject?.(error);
  }

  #text(): string {
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    return whole.toString("utf8");
  }
}
