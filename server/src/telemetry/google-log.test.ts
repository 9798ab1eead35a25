import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { test } from "node:test";
import type { GoogleLog } from "./google-log.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

/** What a process writes that logs one line of each kind. */
async function linesWith(google: GoogleLog | undefined): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const program = `
    import { createAccessLog } from ${JSON.stringify(import.meta.resolve("./access-log.ts"))};
    import { createLogger } from ${JSON.stringify(import.meta.resolve("./logger.ts"))};
    const google = ${google === undefined ? "undefined" : JSON.stringify(google)};
    const log = createLogger({ level: "debug", release: "r", google });
    log.warn({ traceId: "${TRACE}", tenantId: "t" }, "slow");
    log.error({}, "broken");
    const access = createAccessLog({ enabled: true, release: "r", google });
    access.write({ requestId: "q", traceId: "${TRACE}", tenantId: undefined, keyId: undefined, method: "GET", route: "/health", status: 200, durationMs: 1, model: undefined, code: undefined });
    access.flush();`;
  const { stdout: out } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  return out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

test("lines for Cloud Logging carry severity, message and the trace by the names that it looks for; others do not", async () => {
  const [slow, broken, request] = await linesWith({ project: "panelin" });
  assert.equal(slow?.["severity"], "WARNING");
  assert.equal(slow["message"], "slow");
  assert.equal(slow["logging.googleapis.com/trace"], `projects/panelin/traces/${TRACE}`);
  assert.equal(slow["tenantId"], "t");
  assert.deepEqual([broken?.["severity"], broken?.["logging.googleapis.com/trace"]], ["ERROR", undefined]);
  assert.deepEqual(
    [request?.["severity"], request?.["message"], request?.["status"], request?.["logging.googleapis.com/trace"]],
    ["INFO", "request", 200, `projects/panelin/traces/${TRACE}`],
  );
  const plain = await linesWith(undefined);
  assert.deepEqual(
    plain.map(({ level, msg, severity }) => [level, msg, severity]),
    [
      ["warn", "slow", undefined],
      ["error", "broken", undefined],
      ["info", "request", undefined],
    ],
  );
  const [unnamed] = await linesWith({ project: undefined });
  assert.deepEqual([unnamed?.["severity"], "logging.googleapis.com/trace" in (unnamed ?? {})], ["WARNING", false]);
});
