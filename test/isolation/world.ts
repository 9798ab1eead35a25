import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import type { CreatedApiKey } from "@slipway/contracts/api/api-keys.ts";
import type { CreatedTenant } from "@slipway/contracts/api/tenants.ts";
import { type Role, ROLES } from "@slipway/contracts/permissions.ts";
import type { RoutesBeside } from "../../server/src/compose/http.ts";
import { loadConfig } from "../../server/src/config/config.ts";
import { composeService, type Service } from "../../server/src/service.ts";
import { BACKENDS, connect, later, type TestDatabase } from "../../server/src/store/testing/databases.ts";
import { createLogger } from "../../server/src/telemetry/logger.ts";
import { made, type Send, type SignedIn } from "./things.ts";

const AGENTS = resolve(import.meta.dirname, "../../agents");

/** A tenant with a key of each role. */
export interface Tenant {
  readonly id: string;
  readonly keys: Readonly<Record<Role, string>>;
}

/** A server on PostgreSQL with two tenants. */
export interface World {
  readonly environmentKey: string;
  readonly database: TestDatabase;
  readonly service: Service;
  readonly send: Send;
  /** Signs the console in with this key. */
  readonly signIn: (key: string) => Promise<SignedIn>;
  readonly own: Tenant;
  readonly other: Tenant;
  /** Everything that is stored of a tenant, as one text; the times at which keys were used are left out. */
  stored(tenantId: string): Promise<string>;
}

/** The server, in this process so that a test can plant routes in it; undefined after the test was skipped. */
export async function openWorld(t: TestContext, beside?: RoutesBeside): Promise<World | undefined> {
  const database = await BACKENDS.find(({ name }) => name === "postgresql")?.open(t);
  if (!database) return undefined;
  const home = await mkdtemp(join(tmpdir(), "slipway-isolation-"));
  later(t, () => rm(home, { recursive: true, force: true }));
  const environmentKey = `test-${randomBytes(24).toString("hex")}`;
  const settings = { APP_ENV: "test", PORT: "0", HOST: "127.0.0.1", SLIPWAY_HOME: home, AGENTS_DIR: AGENTS };
  // What was said is recorded, so that there is something to leak, and at once, so that it can be asked for.
  const audit = { AUDIT_LEVEL: "full", AUDIT_MODE: "strict" };
  const loaded = loadConfig({ ...settings, ...audit, API_KEY: environmentKey, LOG_LEVEL: "silent" }, home);
  // A provider that takes keys, beside the mock that answers; nothing is ever sent to it.
  const openai = { apiKey: "unused", baseUrl: "http://127.0.0.1:9/v1" };
  const config = { ...loaded, providers: { ...loaded.providers, openai } };
  const log = createLogger({ level: "silent", release: "test" });
  const service = await composeService(config, database.connection, log, { beside });
  later(t, () => service.close());
  const url = await service.listen();
  await service.begin();
  const send = sender(url);
  const [own, other] = [await makeTenant(send, environmentKey, "own"), await makeTenant(send, environmentKey, "other")];
  const signIn = (key: string): Promise<SignedIn> => signInAt(url, key);
  return { environmentKey, database, service, send, signIn, own, other, stored: await storedBy(t, database) };
}

async function signInAt(url: string, key: string): Promise<SignedIn> {
  const headers = { "content-type": "application/json", origin: url };
  const body = JSON.stringify({ apiKey: key });
  const answer = await fetch(`${url}/api/v1/session`, { method: "POST", headers, body });
  const [set = ""] = answer.headers.getSetCookie();
  if (answer.status !== 201) throw new Error(`nobody was signed in: ${answer.status}`);
  const { csrfToken } = (await answer.json()) as { csrfToken: string };
  return { cookie: set.split(";", 1)[0] ?? "", origin: url, "x-csrf-token": csrfToken };
}

function sender(url: string): Send {
  return async (method, path, { key, body, headers } = {}) => {
    const answer = await fetch(url + path, {
      method,
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        ...headers,
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  };
}

async function makeTenant(send: Send, environmentKey: string, id: string): Promise<Tenant> {
  const body = { id, name: id };
  const { apiKey } = await made<CreatedTenant>(send("POST", "/api/v1/tenants", { key: environmentKey, body }));
  const keys: Partial<Record<Role, string>> = { owner: apiKey.key };
  for (const role of ROLES.filter((name) => name !== "owner")) {
    const asked = send("POST", "/api/v1/api-keys", { key: apiKey.key, body: { name: `the ${role}'s`, role } });
    keys[role] = (await made<CreatedApiKey>(asked)).key;
  }
  return { id, keys: keys as Record<Role, string> };
}

async function storedBy(t: TestContext, database: TestDatabase): Promise<World["stored"]> {
  const owner = await connect(database.owner);
  later(t, () => owner.end());
  const { rows } = await owner.query<{ name: string }>(
    "select table_name as name from information_schema.columns where table_schema = 'slipway' and column_name = 'tenant_id' order by 1",
  );
  const look = async (tenantId: string): Promise<string> => {
    const parts: string[] = [];
    for (const { name } of rows) {
      const text = `select coalesce(jsonb_agg(to_jsonb(r) - 'last_used_at' order by to_jsonb(r)::text), '[]')::text as all
        from slipway.${name} r where tenant_id = $1`;
      parts.push(`${name}: ${(await owner.query<{ all: string }>(text, [tenantId])).rows[0]?.all}`);
    }
    return parts.join("\n");
  };
  return async (tenantId) => {
    // Ledger and audit lines are on their way for a moment: what is stored is what two looks in a row find.
    for (let before = "", tries = 0; tries < 50; tries += 1) {
      const now = await look(tenantId);
      if (now === before) return now;
      before = now;
      await new Promise((done) => setTimeout(done, 400));
    }
    throw new Error("what is stored of the tenant does not come to rest");
  };
}
