import { setTimeout as sleep } from "node:timers/promises";
import { toSlipwayError } from "@slipway/contracts/errors.ts";
import { announce } from "#config/announce.ts";
import type { Config } from "#config/config.ts";
import { ServingGate } from "#http/edge/gate.ts";
import { type DeclaredRoute, RouteTable } from "#http/route-table.ts";
import type { OpenSecrets } from "#config/secrets.ts";
import { everyStep } from "#lib/every-step.ts";
import type { DatabaseConnection } from "#store/connection.ts";
import { describeError, type Logger } from "#telemetry/logger.ts";
import type { Siblings } from "#workers/seat.ts";
import { DEFAULT_TENANT } from "./compose/identity.ts";
import { type Rooms, composeRooms } from "./compose/rooms.ts";
import { composeHttp, type RoutesBeside } from "./compose/http.ts";

/** A composed server. */
export interface Service {
  /** True when the mock answers for every model. */
  readonly mock: boolean;
  /** Every route that is served but for the operational ones, with who may ask it. */
  readonly routes: readonly DeclaredRoute[];
  /** Takes connections: `/health` answers from here on, everything else says 503 until `begin` has resolved. */
  listen(): Promise<string>;
  /** Resolves when the database is there and right and the keys are read. Waits for a database that is away; rejects when it is unsafe. */
  begin(): Promise<void>;
  /** Requests that are being served. */
  readonly running: number;
  /** Refuses new work and waits for what runs, within the drain time; true when all of it ended by itself. */
  drain(): Promise<boolean>;
  /** Writes what waits to be written and lets go of everything. */
  close(): Promise<void>;
}

/** The keys and the default tenant, as soon as the database is there; a database that is away is waited for. */
async function readState(rooms: Rooms, isClosed: () => boolean): Promise<void> {
  const { log } = rooms.telemetry;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rooms.store.tenants.ensure(DEFAULT_TENANT, "Default");
      await rooms.changes.refresh();
      return;
    } catch (thrown) {
      const error = toSlipwayError(thrown);
      if (error.code !== "database_unavailable" || isClosed()) throw thrown;
      if (attempt % 20 === 1)
        log.warn({ attempt, reason: error.message, hint: error.hint }, "waiting for the database");
      await sleep(Math.min(250 * attempt, 2000));
    }
  }
}

/** What not every server has. */
export interface Surroundings {
  /** The other workers on this port. */
  readonly siblings?: Siblings | undefined;
  /** The secrets that the settings refer to, read and followed. */
  readonly secrets?: OpenSecrets | undefined;
  /** Routes beside our own; tests plant wrong ones. */
  readonly beside?: RoutesBeside | undefined;
}

/** Waits for all of them, and only then rejects for the first that failed. */
async function allClosed(closing: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(closing);
  await Promise.all(closing);
}

/** What a server does last, in this order: what writes is closed before what is written to. */
function closing(rooms: Rooms, http: ReturnType<typeof composeHttp>, log: Logger): readonly (() => unknown)[] {
  return [
    () => http.drain(0),
    () => rooms.idempotency.close(5000),
    () => rooms.identity.uses.close(2000),
    () => rooms.changes.close(),
    () => rooms.file.close(),
    () => rooms.registry?.close(),
    () => rooms.runner?.close(5000),
    () => rooms.router.settle(0),
    () => allClosed(rooms.queues.map((queue) => queue.close(5000))),
    () => rooms.limits.declared.close(),
    () => rooms.auditing.sequencer.close(5000),
    () => rooms.deliveries.finish(3000),
    () => rooms.deliveries.close(5000),
    () => rooms.router.close(),
    () => rooms.shared?.close(),
    () => rooms.secrets?.close(),
    () => rooms.store.close(),
    () => rooms.telemetry.accessLog.flush(),
    () => log.flush(),
  ];
}

/** Puts the rooms together: the only function that knows all of them. Opens no port and waits for no database. */
export async function composeService(
  config: Config,
  connection: DatabaseConnection,
  log: Logger,
  { siblings, secrets, beside }: Surroundings = {},
): Promise<Service> {
  const rooms = await composeRooms(config, connection, log, siblings, secrets);
  const providers = [...rooms.providers.values()];
  const mock = providers.length > 0 && providers.every((provider) => provider.mock);
  const gate = new ServingGate();
  const table = new RouteTable();
  const http = composeHttp(config, rooms, gate, { mock, siblings, beside, table });
  let closed = false;
  return {
    mock,
    routes: table.routes,
    get running() {
      return http.running;
    },
    async listen() {
      const { host } = config.http;
      const port = await http.listen(host, config.http.port);
      announce(config, mock, log);
      return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    },
    async begin() {
      await Promise.all([readState(rooms, () => closed), rooms.limits.ready]);
      rooms.auditing.sequencer.start();
      rooms.deliveries.start();
      gate.open();
    },
    async drain() {
      gate.drain();
      const until = performance.now() + config.http.drainTimeoutMs;
      const whole = await http.drain(config.http.drainTimeoutMs);
      // Answers that are read on without a client have what is left of the time.
      await rooms.router.settle(Math.max(0, until - performance.now()));
      return whole;
    },
    close() {
      closed = true;
      return everyStep(closing(rooms, http, log), (error) =>
        log.error({ error: describeError(error) }, "a part of the server could not be closed; the others are"),
      );
    },
  };
}
