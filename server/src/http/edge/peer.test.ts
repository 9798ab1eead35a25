import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AddressList, readAddressList } from "./address-list.ts";
import { createPeers } from "./peer.ts";

function list(...entries: string[]): AddressList {
  const read = readAddressList(entries);
  assert.ok(typeof read !== "string");
  return read;
}

const NOBODY = list();

function request(remoteAddress: string, headers: Record<string, string> = {}) {
  return { headers, socket: { remoteAddress } };
}

test("the client is the first address that no trusted proxy vouches for further", () => {
  const proxies = list("10.0.0.0/8", "2001:db8::/32");
  const peers = createPeers({ proxies, schemeProxies: NOBODY });
  const cases: readonly (readonly [peer: string, forwarded: string | undefined, client: string])[] = [
    ["203.0.113.9", "198.51.100.1", "203.0.113.9"],
    ["10.0.0.1", undefined, "10.0.0.1"],
    ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"],
    ["10.0.0.1", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"],
    ["10.0.0.1", "198.51.100.1:4711", "198.51.100.1"],
    ["10.0.0.1", "[2001:db9::1]:4711", "2001:db9::1"],
    ["2001:db8::5", "2001:db9::1", "2001:db9::1"],
    ["10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"],
    ["10.0.0.1", "x".repeat(5000), "10.0.0.1"],
  ];
  for (const [peer, forwarded, client] of cases) {
    const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    assert.equal(peers.clientAddress(request(peer, headers)), client, `${peer} ${forwarded}`);
  }
});

test("nobody makes themselves another address than the one that a trusted proxy saw", () => {
  const peers = createPeers({ proxies: list("10.0.0.0/8"), schemeProxies: NOBODY });
  fc.assert(
    fc.property(
      fc.string({ maxLength: 200 }),
      fc.ipV4().filter((ip) => !ip.startsWith("10.")),
      (said, seen) => {
        const header = { "x-forwarded-for": `${said.replaceAll(/[^\x20-\x7e]/g, "")}, ${seen}` };
        assert.equal(peers.clientAddress(request("10.1.1.1", header)), seen);
      },
    ),
  );
  // Control: read from the left, as many do, the sender chooses.
  const leftmost = "1.2.3.4, 198.51.100.1".split(",")[0];
  assert.notEqual(leftmost, peers.clientAddress(request("10.1.1.1", { "x-forwarded-for": "1.2.3.4, 198.51.100.1" })));
});

test("https is believed of trusted proxies, when every one says it", () => {
  const peers = createPeers({ proxies: NOBODY, schemeProxies: list("private") });
  const of = (peer: string, proto?: string): boolean =>
    peers.isHttps(request(peer, proto === undefined ? {} : { "x-forwarded-proto": proto }));
  for (const peer of [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.1.1",
    "100.64.0.1",
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:10.0.0.1",
  ]) {
    assert.equal(of(peer, "https"), true, peer);
  }
  for (const peer of ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:4860::1", "nonsense"])
    assert.equal(of(peer, "https"), false, peer);
  assert.equal(of("10.1.2.3"), false);
  assert.equal(of("10.1.2.3", "HTTPS, https"), true);
  assert.equal(of("10.1.2.3", "https, http"), false);
});

test("a list of addresses that is none is told by its wrong entry", () => {
  for (const wrong of ["10.0.0.0/33", "10.0.0.0/x", "10.0.0", "::1/129", "example.org", "10.0.0.0/8/8", ""]) {
    assert.equal(readAddressList(["10.0.0.1", wrong]), wrong);
  }
});
