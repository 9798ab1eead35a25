import { connect, type Socket } from "node:net";
import type { Shot } from "./load.ts";

/** The bytes of a request, made once. */
export function requestBytes(shot: Shot): Buffer {
  const url = new URL(shot.url);
  const lines = Object.entries({ ...shot.headers, "content-type": "application/json" })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  return Buffer.from(
    `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n${lines}content-length: ${Buffer.byteLength(shot.body)}\r\n\r\n${shot.body}`,
  );
}

/** A connection to where the shot goes. Errors end in `close`. */
export function open(shot: Shot): Socket {
  const url = new URL(shot.url);
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
  socket.on("error", () => {});
  return socket;
}

const CHUNKED_END = "0\r\n\r\n";

/** Whether these bytes are a whole answer: by its length, or by the last of its chunks. */
export function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /\r\ncontent-length: ?(\d+)/i.exec(text.slice(0, head))?.[1];
  return length === undefined ? text.endsWith(CHUNKED_END) : text.length >= head + 4 + Number(length);
}
