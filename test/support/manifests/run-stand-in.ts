import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What stands where, as it was sent, with the platform's own `status`. */
interface Resource {
  readonly metadata: { readonly name: string; readonly generation?: number };
  readonly spec: {
    readonly template: { readonly metadata?: { readonly name?: string } };
    readonly traffic?: readonly Target[];
  };
  readonly status?: { readonly traffic?: readonly Target[]; readonly latestReadyRevisionName?: string };
}

/** A share of a service's requests. */
export interface Target {
  readonly revisionName?: string;
  readonly percent?: number;
  readonly tag?: string;
  readonly latestRevision?: boolean;
}

/** A stand-in of Google's Run and Scheduler APIs, as far as gcloud asks them when it deploys files. */
export interface RunStandIn {
  /** What leads a gcloud here, and nowhere else: whatever it asks of another host is refused. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resources by `region kind name`, for example `europe-west1 services app`. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Policies by the same names. */
  readonly policies: ReadonlyMap<string, unknown>;
  /** Every request that changed something: `POST services`, in order. */
  readonly changes: readonly string[];
  /** Asked for and not known here. */
  readonly unknown: readonly string[];
  /** Revisions of these names never become healthy. */
  readonly unhealthy: Set<string>;
  close(): Promise<void>;
}

const KNATIVE =
  /^\/apis\/(?:serving\.knative\.dev|run\.googleapis\.com)\/v1\/namespaces\/[^/]+\/(services|jobs|executions)(?:\/([^/:]+))?(?::(\w+))?$/;
const POLICY = /^\/v1\/projects\/[^/]+\/locations\/([^/]+)\/(services|jobs)\/([^/:]+):(set|get)IamPolicy$/;
const SCHEDULER = /^\/v1\/projects\/[^/]+\/locations\/([^/]+)\/jobs(?:\/([^/:]+))?$/;

class StandIn {
  readonly resources = new Map<string, Resource>();
  readonly policies = new Map<string, unknown>();
  readonly changes: string[] = [];
  readonly unknown: string[] = [];
  readonly unhealthy = new Set<string>();

  answer(method: string, url: URL, body: string): readonly [status: number, answer: unknown] {
    const [, region] = /^([a-z0-9-]+)-run\.test$/.exec(url.hostname) ?? [];
    const [, kind, name, verb] = KNATIVE.exec(url.pathname) ?? [];
    if (region !== undefined && kind !== undefined) return this.#knative(method, [region, kind, name], verb, body);
    const [, at, of, resource, what] = POLICY.exec(url.pathname) ?? [];
    if (what !== undefined) return this.#policy(`${at} ${of} ${resource}`, what, body);
    const [scheduled, where, job] = SCHEDULER.exec(url.pathname) ?? [];
    if (scheduled !== undefined && url.hostname === "scheduler.test")
      return this.#schedule(method, `${where} schedules`, job, body);
    this.unknown.push(`${method} ${url.href}`);
    return [404, missing(url.pathname)];
  }

  #knative(
    method: string,
    [region, kind, name]: readonly [string, string, string | undefined],
    verb: string | undefined,
    body: string,
  ): readonly [number, unknown] {
    const key = (of: string | undefined): string => `${region} ${kind} ${of}`;
    if (verb === "run") return [200, this.#execution(region, name ?? "")];
    if (method === "GET" && name === undefined) {
      const items = [...this.resources].filter(([of]) => of.startsWith(`${region} ${kind} `)).map(([, found]) => found);
      return [200, { apiVersion: "serving.knative.dev/v1", kind: "ServiceList", metadata: {}, items }];
    }
    if (method === "GET") {
      const found = this.resources.get(key(name));
      return found === undefined ? [404, missing(key(name))] : [200, found];
    }
    const sent = JSON.parse(body) as Resource;
    this.changes.push(`${method} ${kind}`);
    const before = this.resources.get(key(sent.metadata.name));
    const after = kind === "services" ? this.#service(sent, before) : ready(sent, before, {});
    this.resources.set(key(sent.metadata.name), after);
    return [200, after];
  }

  /** Requests follow `traffic`, or the newest revision; a revision that is not healthy gets none, and the service is not ready. */
  #service(sent: Resource, before: Resource | undefined): Resource {
    const newest = sent.spec.template.metadata?.name ?? "";
    const healthy = !this.unhealthy.has(newest);
    const wanted = (sent.spec.traffic ?? [{ latestRevision: true, percent: 100 }]).map((target) =>
      target.latestRevision === true ? { ...target, revisionName: newest } : target,
    );
    const traffic = healthy ? wanted : (before?.status?.traffic ?? []);
    const latestReadyRevisionName = healthy ? newest : (before?.status?.latestReadyRevisionName ?? "");
    return ready(sent, before, { latestCreatedRevisionName: newest, latestReadyRevisionName, traffic }, healthy);
  }

  #execution(region: string, job: string): unknown {
    this.changes.push(`RUN ${job}`);
    const name = `${job}-1`;
    const execution = {
      apiVersion: "run.googleapis.com/v1",
      kind: "Execution",
      metadata: { name, namespace: "project", labels: { "run.googleapis.com/job": job }, generation: 1 },
      spec: { template: {}, taskCount: 1 },
      status: {
        observedGeneration: 1,
        succeededCount: 1,
        startTime: "2026-01-01T00:00:00Z",
        completionTime: "2026-01-01T00:00:01Z",
        conditions: [{ type: "Completed", status: "True" }],
      },
    };
    this.resources.set(`${region} executions ${name}`, execution as unknown as Resource);
    return execution;
  }

  #policy(key: string, verb: string, body: string): readonly [number, unknown] {
    if (verb === "set") {
      this.policies.set(key, (JSON.parse(body) as { policy: unknown }).policy);
      this.changes.push("POLICY");
    }
    return [200, this.policies.get(key) ?? { etag: "BwX=" }];
  }

  #schedule(method: string, place: string, name: string | undefined, body: string): readonly [number, unknown] {
    if (method === "GET") {
      const found = this.resources.get(`${place} ${name}`);
      return found === undefined ? [404, missing(place)] : [200, found];
    }
    const sent = JSON.parse(body) as { readonly name: string };
    this.changes.push(`${method} schedules`);
    this.resources.set(`${place} ${sent.name.split("/").at(-1)}`, sent as unknown as Resource);
    return [200, sent];
  }
}

function missing(what: string): unknown {
  return { error: { code: 404, status: "NOT_FOUND", message: `There is no ${what}.` } };
}

function ready(sent: Resource, before: Resource | undefined, status: object, healthy = true): Resource {
  const generation = (before?.metadata.generation ?? 0) + 1;
  const said = healthy
    ? { status: "True" }
    : { status: "False", reason: "HealthCheckContainerError", message: "The startup probe failed." };
  const conditions = ["Ready", "ConfigurationsReady", "RoutesReady"].map((type) => ({ type, ...said }));
  return {
    ...sent,
    metadata: { ...sent.metadata, generation },
    status: { observedGeneration: generation, conditions, url: "https://service.test", ...status },
  } as Resource;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Starts one on a free port. gcloud puts the region before the host's name, so it comes by way of a proxy, which this is. */
export async function startRunStandIn(): Promise<RunStandIn> {
  const standIn = new StandIn();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const [status, answer] = standIn.answer(request.method ?? "", new URL(request.url ?? "", "http://none.test"), body);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  };
  const server = createServer((request, response) => void handle(request, response));
  server.on("connect", (request, socket) => {
    standIn.unknown.push(`CONNECT ${request.url ?? ""}`);
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
  });
  const port = await listen(server);
  const { resources, policies, changes, unknown, unhealthy } = standIn;
  return {
    resources,
    policies,
    changes,
    unknown,
    unhealthy,
    environment: {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER: "http://scheduler.test/",
      CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: "http://run.test/",
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "1",
      CLOUDSDK_CORE_CHECK_GCE_METADATA: "false",
      CLOUDSDK_CORE_DISABLE_PROMPTS: "1",
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "1",
      CLOUDSDK_PROXY_ADDRESS: "127.0.0.1",
      CLOUDSDK_PROXY_PORT: String(port),
      CLOUDSDK_PROXY_TYPE: "http",
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
