import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { createEgress } from "#egress/egress.ts";
import { createMetrics } from "#telemetry/metrics.ts";
import { type PostToSink, postThrough } from "../sinks/http.ts";

/** What came in. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What goes back; `hang` sends nothing. */
export type Reply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | "hang";

/** A real server on loopback that answers as it is told, and everything it got. Closed after the test. */
export async function receiver(
  t: TestContext,
  reply: (request: Received, count: number) => Reply,
): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const request = { path: req.url ?? "", headers: req.headers, body: Buffer.concat(chunks) };
      received.push(request);
      const answer = reply(request, received.length);
      if (answer === "hang") return;
      res.writeHead(answer.status, answer.headers);
      res.end(answer.body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** The sinks' own way out, allowed to reach loopback. */
export function testPost(t: TestContext, purpose: "webhook" | "splunk"): PostToSink {
  const client = createEgress({ allow: ["127.0.0.1"], metrics: createMetrics() }).client(purpose);
  t.after(() => client.close());
  return postThrough(client);
}
