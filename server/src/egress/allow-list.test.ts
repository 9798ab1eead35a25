import assert from "node:assert/strict";
import { test } from "node:test";
import { allowListOf } from "./allow-list.ts";

test("hosts are allowed with any port, with one port, or by their domain", () => {
  const list = allowListOf([
    "Vault.Internal:8200",
    "db.internal",
    "*.svc.cluster.local",
    "[::1]:9000",
    "127.0.0.1:9000",
  ]);
  assert.equal(list.host("vault.internal", 8200), true);
  assert.equal(list.host("vault.internal.", 8200), true);
  assert.equal(list.host("vault.internal", 443), false);
  assert.equal(list.host("DB.internal", 1), true);
  assert.equal(list.host("a.svc.cluster.local", 80), true);
  assert.equal(list.host("svc.cluster.local", 80), false);
  assert.equal(list.host("xsvc.cluster.local", 80), false);
  assert.equal(list.host("[::1]", 9000), true);
  assert.equal(list.host("127.0.0.1", 9000), true);
  assert.equal(list.host("127.0.0.1", 6379), false);
  assert.equal(list.address("127.0.0.1"), false);
});

test("a network is allowed but for the metadata services in it; their own address opens them", () => {
  const wide = allowListOf(["0.0.0.0/0", "::/0"]);
  assert.equal(wide.address("10.0.0.1"), true);
  assert.equal(wide.address("::1"), true);
  for (const address of ["169.254.169.254", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"])
    assert.equal(wide.address(address), false, address);
  assert.equal(allowListOf(["169.254.169.254"]).address("169.254.169.254"), true);
  assert.equal(allowListOf(["FD00:EC2:0::254"]).address("fd00:ec2::254"), true);
  assert.equal(allowListOf(["169.254.169.254"]).address("169.254.170.2"), false);
});

test("what is no entry is named", () => {
  for (const entry of ["", "http://a", "10.0.0.0/33", "10.0.0/8", "a b", "a/b", "*.", "x:y"])
    assert.throws(() => allowListOf([entry]), RangeError, entry);
});
