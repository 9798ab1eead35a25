import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { toSlipwayError } from "@slipway/contracts/errors.ts";
import { asFetch } from "./as-fetch.ts";
import type { ClientOptions, EgressClient } from "./egress.ts";
import { EGRESS_PURPOSES, type EgressPurpose } from "./purposes.ts";
import type { Resolve } from "./resolver.ts";
import { countSockets, startCanary, testEgress } from "./testing.ts";

const VECTORS = join(import.meta.dirname, "../../../../shared/vectors/ssrf.txt");

/** The list, each as it is and, where it names no port, with the canary's. */
async function vectors(t: TestContext, port: number): Promise<readonly string[] | undefined> {
  const text = await readFile(VECTORS, "utf8").catch(() => undefined);
  if (text === undefined) {
    const reason = "the list is not there: put ssrf.txt at ../shared/vectors beside the repository";
    if (process.env["CI"]) assert.fail(reason);
    t.skip(reason);
    return undefined;
  }
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.ok(lines.length >= 60, "the list is whole");
  return lines.flatMap((line) => {
    const tls = line.replace(/^http:/, "https:");
    const url = URL.canParse(line) ? new URL(line) : undefined;
    if (url?.protocol !== "http:" || url.port !== "") return [line, tls];
    url.port = String(port);
    return [line, tls, url.href];
  });
}

/** A name service in the attacker's hands: every name leads to this machine. */
const hostile: Resolve = (hostname) =>
  Promise.resolve([
    { address: hostname.length % 2 === 0 ? "127.0.0.1" : "::1", family: hostname.length % 2 === 0 ? 4 : 6 },
  ]);
/** The same behind a public address, so that looking at the first one is not enough. */
const mixed: Resolve = () =>
  Promise.resolve([
    { address: "93.184.216.34", family: 4 },
    { address: "127.0.0.1", family: 4 },
  ]);

const PURPOSES = Object.keys(EGRESS_PURPOSES) as EgressPurpose[];
type Ask = (client: EgressClient, url: string) => Promise<unknown>;

/** How a request comes into being. */
const ENTRANCES: Readonly<Record<string, Ask>> = {
  request: (client, url) => client.request(url),
  "a post": (client, url) => client.request(url, { method: "POST", body: "x" }),
  "a fetch": (client, url) => asFetch(client)(url),
};

async function refusedOrFailed(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return "reached";
  } catch (error) {
    return toSlipwayError(error).code;
  }
}

test("nothing of the list is reached through any purpose and any entrance: no socket is even opened", async (t) => {
  await using canary = await startCanary();
  const list = await vectors(t, canary.port);
  if (!list) return;
  using sockets = countSockets();
  let asked = 0;
  for (const resolve of [hostile, mixed]) {
    const egress = testEgress({ resolve });
    for (const purpose of PURPOSES) {
      const client = egress.client(purpose, { plainHttp: true });
      for (const [entrance, ask] of Object.entries(ENTRANCES)) {
        for (const url of list) {
          asked += 1;
          const outcome = await refusedOrFailed(ask(client, url));
          assert.equal(outcome, "egress_refused", `${purpose}, ${entrance}: ${url}`);
        }
      }
    }
  }
  assert.equal(asked, 2 * PURPOSES.length * 3 * list.length);
  assert.equal(sockets.opened, 0);
  assert.equal(canary.requests.length, 0);
});

test("nothing of the list is reached by a redirect, on any purpose", async (t) => {
  let location = "";
  await using outside = await startCanary((_, response) => response.writeHead(307, { location }).end());
  await using canary = await startCanary();
  const list = await vectors(t, canary.port);
  if (!list) return;
  // The first host stands for a public one: it is allowed with its port and nothing else is.
  const egress = testEgress({ resolve: hostile });
  for (const purpose of PURPOSES) {
    const client = egress.client(purpose, { allow: [outside.host], plainHttp: true, limits: { redirects: 3 } });
    for (const url of list) {
      // What is no absolute address leads back to the host that said it, until there are too many redirects.
      location = url.replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent);
      assert.equal(await refusedOrFailed(client.request(outside.url)), "egress_refused", `${purpose}: ${url}`);
    }
  }
  assert.equal(canary.requests.length, 0);
});

test("control: with the checks off, the same list reaches the canary", async (t) => {
  await using canary = await startCanary();
  const list = await vectors(t, canary.port);
  if (!list) return;
  const open: ClientOptions = { allow: ["0.0.0.0/0", "::/0"], plainHttp: true, limits: { totalMs: 300 } };
  const client = testEgress({ resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]) }).client(
    "tool",
    open,
  );
  const loopback = list.filter((url) => url.includes(`:${canary.port}`) && /127|localhost|nip\.io|\[::/.test(url));
  for (const url of loopback) await refusedOrFailed(client.request(url));
  assert.ok(canary.requests.length >= 10, `${canary.requests.length} of ${loopback.length} reached it`);
});

test("what is allowed is reached, with that port only", async () => {
  await using canary = await startCanary();
  await using other = await startCanary();
  const egress = testEgress({ allow: [canary.host] });
  for (const purpose of PURPOSES) assert.equal((await egress.client(purpose).request(canary.url)).status, 200, purpose);
  assert.equal(canary.requests.length, PURPOSES.length);
  await assert.rejects(egress.client("tool").request(other.url), { code: "egress_refused" });
  assert.equal(other.requests.length, 0);
});

/** Public by its form, given out to nobody by IANA. */
const NOWHERE = { address: "2d00::1", family: 6 };

/** Public when it is asked the first time, this machine from then on. */
function rebinding(): Resolve & { asked: number } {
  const resolve = Object.assign(
    () => {
      resolve.asked += 1;
      return Promise.resolve([resolve.asked === 1 ? NOWHERE : { address: "127.0.0.1", family: 4 }]);
    },
    { asked: 0 },
  );
  return resolve;
}

test("a name that leads elsewhere when it is asked again is asked once, and its checked address connected to", async () => {
  await using canary = await startCanary();
  const resolve = rebinding();
  const client = testEgress({ resolve }).client("tool", { plainHttp: true, limits: { connectMs: 200 } });
  const outcome = await refusedOrFailed(client.request(`http://rebind.test:${canary.port}/`));
  assert.ok(outcome === "egress_timeout" || outcome === "egress_failed", outcome);
  assert.equal(resolve.asked, 1);
  assert.equal(canary.requests.length, 0);
  // The next request looks anew, and refuses what it finds.
  assert.equal(await refusedOrFailed(client.request(`http://rebind.test:${canary.port}/`)), "egress_refused");
  assert.equal(canary.requests.length, 0);
});

test("control: a client that checks a name and then connects to the name reaches the canary", async () => {
  await using canary = await startCanary();
  const resolve = rebinding();
  const [checked] = await resolve("rebind.test");
  assert.equal(checked?.address, NOWHERE.address);
  await new Promise<void>((done, fail) => {
    get(
      `http://rebind.test:${canary.port}/`,
      { lookup: (name, _, callback) => void resolve(name).then((found) => callback(null, [...found])), agent: false },
      (answer) => answer.resume().once("end", done),
    ).once("error", fail);
  });
  assert.equal(canary.requests.length, 1);
});
