import assert from "node:assert/strict";
import { test } from "node:test";
import { createAuditLevels } from "./levels.ts";

test("the first rule of the file that fits decides, then the file's level, then the environment's", () => {
  const levels = createAuditLevels({ enabled: true, level: "metadata" });
  assert.equal(levels.levelOf("a", "/v1/messages"), "metadata");
  levels.setSpec({
    level: "request",
    rules: [
      { tenant: "quiet-*", route: "/v1/models", level: "none" },
      { tenant: "a", level: "full" },
    ],
  });
  assert.equal(levels.levelOf("a", "/v1/messages"), "full");
  assert.equal(levels.levelOf("quiet-1", "/v1/models"), "none");
  assert.equal(levels.levelOf("quiet-1", "/v1/messages"), "request");
  levels.setSpec(undefined);
  assert.equal(levels.levelOf("a", "/v1/messages"), "metadata");
});

test("what is switched off as a whole stays off whatever the file says", () => {
  const levels = createAuditLevels({ enabled: false, level: "full" });
  levels.setSpec({ level: "full", rules: [] });
  assert.equal(levels.levelOf("a", "/v1/messages"), "none");
});
