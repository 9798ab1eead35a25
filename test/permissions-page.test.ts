import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../server/src/config/config.ts";
import { OPERATIONS } from "../server/src/http/openapi-operations.ts";
import { composeService } from "../server/src/service.ts";
import { createLogger } from "../server/src/telemetry/logger.ts";
import { permissionsPage } from "./support/permissions-page.ts";

const PAGE = resolve(import.meta.dirname, "../docs/reference/permissions.md");

test("the page of permissions is that of the routes, and every route of the REST API is described", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "slipway-permissions-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const config = loadConfig({ APP_ENV: "test", SLIPWAY_HOME: home, LOG_LEVEL: "silent" }, home);
  const log = createLogger({ level: "silent", release: "test" });
  // Routes are known before there is a database.
  const nowhere = { engine: "postgresql", url: "postgresql://nobody@127.0.0.1:1/none" } as const;
  const service = await composeService(config, nowhere, log);
  t.after(() => service.close());
  const page = permissionsPage(service.routes);
  if (process.env["UPDATE_DOCS"] === "1") await writeFile(PAGE, page);
  assert.equal(await readFile(PAGE, "utf8"), page, "run it with UPDATE_DOCS=1");
  const planted = { method: "get", path: "/api/v1/planted", requires: "public" } as const;
  assert.notEqual(permissionsPage([...service.routes, planted]), page, "control: a new route changes the page");

  const served = new Set(
    service.routes
      .filter(({ method, path }) => method !== "all" && path.startsWith("/api/v1/"))
      .map(({ method, path }) => `${method} ${path.replaceAll(/\/:(\w+)/g, "/{$1}")}`),
  );
  const described = new Set(OPERATIONS.map(({ method, path }) => `${method} ${path}`));
  assert.deepEqual([...described].toSorted(), [...served].toSorted());
});
