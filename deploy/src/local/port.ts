import { createServer } from "node:net";
import { SlipwayError } from "@slipway/contracts/errors.ts";

/** How far above a taken port a free one is looked for, to be named in the message. */
const LOOK_AHEAD = 20;

/**
 * Makes sure that a port of this machine can be had. Port 0 always can.
 *
 * @throws SlipwayError `port_taken`
 */
export async function assertPortFree(host: string, port: number): Promise<void> {
  const code = await listenFailure(host, port);
  if (code === undefined) return;
  if (code === "EACCES") {
    throw new SlipwayError("port_taken", `Port ${port} may not be used by this user.`, {
      hint: "Ports below 1024 belong to root: choose another one, for example ./slipway up --port 8080",
    });
  }
  const free = await nextFree(host, port + 1);
  throw new SlipwayError(
    "port_taken",
    `Port ${port} is taken by another program, perhaps by a Slipway that runs already.`,
    {
      hint: `Stop that one, or start this one elsewhere: ./slipway up --port ${free}`,
    },
  );
}

async function nextFree(host: string, from: number): Promise<number> {
  for (let port = from; port < from + LOOK_AHEAD && port <= 65_535; port += 1) {
    if ((await listenFailure(host, port)) === undefined) return port;
  }
  return 0;
}

/** The code with which listening fails, undefined when it does not. */
async function listenFailure(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
