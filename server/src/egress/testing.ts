import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createMetrics } from "#telemetry/metrics.ts";
import { createEgress, type Egress, type EgressOptions } from "./egress.ts";

/** An egress of tests: no network but what `allow` names. */
export function testEgress(options: Partial<EgressOptions> = {}): Egress {
  return createEgress({ allow: [], metrics: createMetrics(), ...options });
}

/** A server on loopback that says who came. */
export interface Canary extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly url: string;
  readonly requests: IncomingMessage[];
}

/** Listens on every address of this machine, IPv6 too where there is one. */
export async function startCanary(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end("reached"),
): Promise<Canary> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Counts the sockets that this process opens to anything, whoever opens them. */
export function countSockets(): { readonly opened: number; [Symbol.dispose](): void } {
  let opened = 0;
  const seen = (): void => {
    opened += 1;
  };
  subscribe("net.client.socket", seen);
  return {
    get opened() {
      return opened;
    },
    [Symbol.dispose]() {
      unsubscribe("net.client.socket", seen);
    },
  };
}
