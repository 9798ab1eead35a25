import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { type App, pathParam, principalOf } from "../../server/src/http/app.ts";
import { RouteTable } from "../../server/src/http/route-table.ts";
import { FORGERIES, type Forgery, runMatrix } from "./matrix.ts";
import { openWorld } from "./world.ts";

const PLANTED = "/api/v1/planted";

test("no route shows or touches anything of another tenant, for any role and in any place of an id", async (t) => {
  const world = await openWorld(t, (app, { store, conversations, identity }) => {
    plant(app, store, conversations);
    plantForSessions(app, conversations, identity.sessions);
  });
  if (!world) return;
  const routes = world.service.routes;
  const own = routes.filter(({ path }) => !path.startsWith(PLANTED));
  const planted = routes.filter(({ path }) => path.startsWith(PLANTED));

  const found = await runMatrix(world, own);
  t.diagnostic(`${own.length} routes, ${found.cells} cells, ${found.leaks.length} leaks`);
  assert.deepEqual(found.leaks, []);
  assert.deepEqual(found.problems, []);
  assert.ok(found.cells > 200, String(found.cells));

  const wrong = await runMatrix(world, planted, [...FORGERIES, HONEST]);
  await t.test("control: planted routes that leak are found, each by what it does wrong", () => {
    for (const expected of LEAKS)
      assert.ok(
        wrong.leaks.some((leak) => expected.test(leak)),
        `${String(expected)}\n${wrong.leaks.join("\n")}`,
      );
  });
  await t.test(
    "control: a planted route that takes a session from any page is found, and so is a request that is let in",
    () => {
      for (const expected of FORGED)
        assert.ok(
          wrong.problems.some((problem) => expected.test(problem)),
          `${String(expected)}\n${wrong.problems.join("\n")}`,
        );
    },
  );
  await t.test("control: planted routes that do not say enough of themselves turn it red", () => {
    for (const expected of UNSAID)
      assert.ok(
        wrong.problems.some((problem) => expected.test(problem)),
        `${String(expected)}\n${wrong.problems.join("\n")}`,
      );
  });
});

test("a route that does not declare who may ask it, or what its path names, ends the start", () => {
  const table = new RouteTable();
  const undeclared = { method: "get", path: "/api/v1/x" } as unknown as Parameters<RouteTable["declare"]>[0];
  assert.throws(() => table.declare(undeclared), /GET \/api\/v1\/x does not declare who may ask it/);
  assert.throws(
    () => table.declare({ method: "get", path: "/api/v1/x/:id", requires: "threads:read" }),
    /does not declare what id names/,
  );
  table.declare({ method: "get", path: "/api/v1/x/:id", requires: "threads:read", ids: { id: "thread" } });
  assert.equal(table.routes.length, 1);
});

/** What the matrix must say of the planted routes. */
const LEAKS: readonly RegExp[] = [
  /any-thread.*(?:told apart|answered 200)/,
  /session-thread\/:id as owner, signed in.*(?:told apart|answered 200)/,
  /all-threads as owner shows the other tenant's thr_/,
  /the other tenant's data has changed/,
];
/** What the console's own page sends: nothing refuses it, so that it must be told as let in. */
const HONEST: Forgery = { what: "from its own page", headers: (session) => session, told: "nothing" };

const FORGED: readonly RegExp[] = [
  /post \S+by-cookie of a session without the CSRF token is not refused: 200/,
  /what sessions were made to send has changed data/,
  /delete \S+any-key\/:id of a session from its own page is not refused: 404/,
];
const UNSAID: readonly RegExp[] = [
  /loose: the body takes unknown fields/,
  /unknown-kind.*nobody says how a spaceship is made/,
  /silent-id: ownerId does not say whose id it is/,
  /no-body: nobody says what its body is/,
];

type Rooms = Parameters<NonNullable<Parameters<typeof openWorld>[1]>>[1];

function plant(app: App, store: Rooms["store"], conversations: Rooms["conversations"]): void {
  const tenants = ["own", "other"];
  const path = (name: string): string => `${PLANTED}/${name}`;
  // Finds a thread whoever's it is, as a handler does that takes the tenant from anywhere but the caller.
  app.get(path("any-thread/:id"), { requires: "threads:read", ids: { id: "thread" } }, async (c) => {
    for (const tenant of tenants) {
      const thread = await conversations.get(tenant, pathParam(c, "id")).catch(() => undefined);
      if (thread) return c.json(thread);
    }
    return c.json({ code: "thread_not_found" }, 404);
  });
  app.get(path("all-threads"), { requires: "threads:read" }, async (c) => {
    const lists = await Promise.all(tenants.map((tenant) => conversations.list(tenant, { limit: 200 })));
    return c.json(lists);
  });
  // Says that there is none, and revokes it.
  app.delete(path("any-key/:id"), { requires: "keys:write", ids: { id: "key" } }, async (c) => {
    for (const tenant of tenants) await store.apiKeys.revoke(tenant, pathParam(c, "id"));
    return c.json({ code: "not_found", caller: principalOf(c).keyId }, 404);
  });
  const nothing = (): Response => Response.json({});
  app.post(path("loose"), { requires: "threads:read", body: z.object({ a: z.string() }) }, nothing);
  app.get(path("unknown-kind/:id"), { requires: "threads:read", ids: { id: "spaceship" } }, nothing);
  app.post(path("silent-id"), { requires: "threads:read", body: z.strictObject({ ownerId: z.string() }) }, nothing);
  app.post(path("no-body"), { requires: "threads:read" }, nothing);
}

function plantForSessions(
  app: App,
  conversations: Rooms["conversations"],
  sessions: Rooms["identity"]["sessions"],
): void {
  // Right for keys, and not for people who are signed in.
  app.get(`${PLANTED}/session-thread/:id`, { requires: "threads:read", ids: { id: "thread" } }, async (c) => {
    const { via, tenantId } = principalOf(c);
    for (const tenant of via === "session" ? ["own", "other"] : [tenantId]) {
      const thread = await conversations.get(tenant, pathParam(c, "id")).catch(() => undefined);
      if (thread) return c.json(thread);
    }
    return c.json({ code: "thread_not_found" }, 404);
  });
  // Looks for a session by itself and does not ask which page it comes from. The last one: it ends the session.
  app.post(`${PLANTED}/by-cookie`, { requires: "public", body: z.strictObject({}) }, async (c) => {
    const session = sessions.read(c.env.incoming.headers.cookie);
    if (!session) return c.json({ code: "unauthenticated" }, 401);
    await sessions.closeAll(session.principal);
    return c.json({});
  });
}
