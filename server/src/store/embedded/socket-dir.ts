import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EMBEDDED_PORT } from "../connection.ts";

/** The longest path of a unix socket, terminating zero excluded: 103 on macOS, 107 on Linux (sys/un.h). */
const MOST_BYTES = 103;
const PREFIX = "slipway-";
const RANDOM_CHARACTERS = 6;

/** The name that `pg` gives the socket in its folder. */
export const SOCKET_NAME = `.s.PGSQL.${EMBEDDED_PORT}`;

/**
 * A new folder for the socket, which only this user may enter: whoever reaches the socket is the database's superuser. In the
 * folder for temporary files, or in /tmp where that folder's own path is too long for a socket.
 */
export async function makeSocketDir(temporary = tmpdir()): Promise<string> {
  const length = Buffer.byteLength(join(temporary, PREFIX, SOCKET_NAME)) + RANDOM_CHARACTERS;
  return mkdtemp(join(length <= MOST_BYTES ? temporary : "/tmp", PREFIX));
}
