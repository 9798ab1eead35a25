import { once } from "node:events";
import { connect } from "node:net";

const TIMEOUT = 5_000;

/**
 * Sends one command to a Redis and answers its reply as it came over the wire (RESP), up to the first packet: for a question
 * or two, not for work.
 */
export async function askRedis(url: string, ...command: readonly string[]): Promise<string> {
  const { hostname, port, password } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port || "6379") });
  socket.setTimeout(TIMEOUT, () => socket.destroy(new Error(`Redis at ${hostname}:${port} did not answer.`)));
  try {
    if (password !== "") {
      socket.write(encode(["AUTH", decodeURIComponent(password)]));
      await once(socket, "data");
    }
    socket.write(encode(command));
    const [reply] = (await once(socket, "data")) as [Buffer];
    return reply.toString("utf8");
  } finally {
    socket.destroy();
  }
}

function encode(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
