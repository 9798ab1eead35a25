import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./config.ts";
import { SettingsError } from "./reader.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const load = (environment: Record<string, string>) => loadConfig(environment, "/srv/slipway").auditSinks;

function problems(environment: Record<string, string>): readonly string[] {
  try {
    load(environment);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    return error.problems;
  }
  return [];
}

test("with nothing set there is no sink, and a spool of a million records and seven days that keeps", () => {
  const { file, stdout, webhook, splunk, spool } = load({});
  assert.deepEqual([file, stdout, webhook, splunk], [undefined, false, undefined, undefined]);
  assert.deepEqual(spool, { maxRecords: 1_000_000, maxAgeMs: 604_800_000, policy: "keep" });
});

test("without AUDIT_SINKS each sink is switched on by its own variable", () => {
  assert.equal(load({ AUDIT_LOG_TO_FILE: "true" }).file?.path, "/srv/slipway/.slipway/audit/audit.jsonl");
  assert.equal(load({ AUDIT_LOG_TO_FILE: "logs/a.jsonl" }).file?.path, "/srv/slipway/logs/a.jsonl");
  assert.equal(load({ AUDIT_LOG_TO_FILE: "false" }).file, undefined);
  assert.equal(load({ AUDIT_LOG_STDOUT: "true" }).stdout, true);
  assert.equal(load({ AUDIT_LOG_STDOUT: "false" }).stdout, false);
  assert.equal(load({ AUDIT_WEBHOOK_URL: "https://h/x" }).webhook?.url, "https://h/x");
  assert.equal(load({ SPLUNK_HEC_URL: "https://h:8088", SPLUNK_HEC_TOKEN: "t" }).splunk?.token, "t");
});

test("AUDIT_SINKS says which sinks there are, and what it leaves out is told", () => {
  const settings = load({ AUDIT_SINKS: "stdout, file", AUDIT_WEBHOOK_URL: "https://h/x" });
  assert.equal(settings.stdout, true);
  assert.ok(settings.file);
  assert.equal(settings.webhook, undefined);
  assert.deepEqual(settings.unused, ["AUDIT_WEBHOOK_URL"]);
});

test("a sink that is named and lacks what it needs, or contradicts another variable, is a wrong setting", () => {
  assert.match(problems({ AUDIT_SINKS: "webhook" }).join(), /AUDIT_WEBHOOK_URL is missing/);
  assert.match(problems({ AUDIT_SINKS: "splunk" }).join(), /SPLUNK_HEC_URL is missing.*SPLUNK_HEC_TOKEN is missing/);
  assert.match(problems({ SPLUNK_HEC_URL: "https://h" }).join(), /SPLUNK_HEC_TOKEN is missing/);
  assert.match(problems({ AUDIT_SINKS: "file", AUDIT_LOG_TO_FILE: "no" }).join(), /AUDIT_LOG_TO_FILE is false/);
  assert.match(problems({ AUDIT_SINKS: "stdout", AUDIT_LOG_STDOUT: "no" }).join(), /AUDIT_LOG_STDOUT is false/);
  assert.match(problems({ AUDIT_WEBHOOK_URL: "https://u:hunter2@h/x" }).join(), /must not hold a user/);
  assert.ok(!problems({ AUDIT_WEBHOOK_URL: "https://u:hunter2@h/x" }).join().includes("hunter2"));
  assert.match(problems({ AUDIT_SPOOL_POLICY: "burn" }).join(), /AUDIT_SPOOL_POLICY must be one of keep, shed/);
});

test("one to five secrets sign; anything else is refused by name and never by value", () => {
  const base = { AUDIT_WEBHOOK_URL: "https://h/x" };
  assert.equal(load(base).webhook?.keys.length, 0);
  assert.equal(load({ ...base, AUDIT_WEBHOOK_SECRET: SECRET }).webhook?.keys.length, 1);
  assert.equal(load({ ...base, AUDIT_WEBHOOK_SECRET: `${SECRET} ${SECRET},${SECRET}` }).webhook?.keys.length, 3);
  for (const wrong of ["hunter2hunter2hunter2hunter2", "whsec_c2hvcnQ=", Array(6).fill(SECRET).join(" ")]) {
    const found = problems({ ...base, AUDIT_WEBHOOK_SECRET: wrong });
    assert.equal(found.length, 1);
    assert.ok(found[0]?.startsWith("AUDIT_WEBHOOK_SECRET") && !found[0].includes(wrong));
  }
});
