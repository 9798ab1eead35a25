import assert from "node:assert/strict";
import { test } from "node:test";
import { auditKills } from "./support/audit-kills.ts";

const NO_PROGRAMS = "requires PostgreSQL's own programs (initdb, postgres): apt-get install postgresql";
// What a kill leaves is in the system's hands whether or not it is on the disk; `./slipway bench audit-kills` runs with fsync.
const FAST = ["fsync=off", "full_page_writes=off"];

test("no acknowledged request is missing in the audit log after kills of server and PostgreSQL", async (t) => {
  const figures = await auditKills({
    serverKills: 1,
    postgresKills: 1,
    clients: 520,
    between: [100, 400],
    settings: FAST,
  });
  if (!figures) return t.skip(NO_PROGRAMS);
  const told = JSON.stringify(figures);
  assert.ok(figures.leastInFlight >= 500, told);
  // How many there are between two kills is a question of the machine's speed; most are from the first request of each client.
  assert.ok(figures.acknowledged > 100, told);
  assert.equal(figures.lost, 0, told);
  assert.equal(figures.wrongPlaces, 0, told);
  assert.equal(figures.fault, undefined, told);
});

test("the control: a PostgreSQL that acknowledges before it has written loses records, and it is seen", async (t) => {
  const late = ["wal_writer_delay=10000ms", "wal_writer_flush_after=100MB"];
  const settings = [...FAST, "synchronous_commit=off", ...late];
  // Other processes of PostgreSQL write too, now and then just before the kill.
  for (let tries = 1; ; tries += 1) {
    const figures = await auditKills({ serverKills: 0, postgresKills: 1, clients: 200, between: [600, 900], settings });
    if (!figures) return t.skip(NO_PROGRAMS);
    if (figures.lost > 0) return;
    assert.ok(tries < 4, JSON.stringify(figures));
  }
});
