import { parseArgs } from "node:util";
import { auditKills } from "../test/support/audit-kills.ts";
import { positive, say } from "./lib/arguments.ts";
import { machine } from "./lib/cores.ts";

/*
 * Kills server and PostgreSQL at random moments with many requests under way, and holds the audit log against what clients were
 * told. PostgreSQL runs as installed, with fsync.
 *
 *   ./slipway bench audit-kills [--kills 200] [--seconds N] [--clients 520] [--synchronous-commit off] [--json]
 */

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seconds: { type: "string", default: "3600" },
    clients: { type: "string", default: "520" },
    "synchronous-commit": { type: "string", default: "on" },
    json: { type: "boolean", default: false },
  },
});
const kills = positive("kills", values.kills);
const lax = values["synchronous-commit"] === "off";
const figures = await auditKills({
  // With the database that acknowledges too early, only its own kills matter.
  serverKills: lax ? 0 : Math.ceil(kills / 2),
  postgresKills: lax ? kills : Math.floor(kills / 2),
  clients: positive("clients", values.clients),
  between: [100, 900],
  settings: lax ? ["synchronous_commit=off"] : [],
  seconds: positive("seconds", values.seconds),
  onKill: (count) => {
    if (count % 20 === 0) say(`${count} of ${kills} kills`);
  },
});
if (!figures) throw new Error("No PostgreSQL: apt-get install postgresql");
process.stdout.write(`${JSON.stringify({ ...figures, machine: machine() }, undefined, values.json ? 0 : 2)}\n`);
const whole = figures.lost === 0 && figures.wrongPlaces === 0 && figures.fault === undefined;
process.exitCode = whole ? 0 : 1;
