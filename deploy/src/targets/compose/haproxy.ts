import { seconds } from "@slipway/contracts/spec/quantity.ts";
import { header } from "#render/yaml.ts";
import type { Service, Spec } from "#spec/spec.ts";

/** Port of the balancer inside its container. */
export const BALANCER_PORT = 8080;

/** Port on which the balancer tells itself how it is; open to nobody else. */
export const HEALTH_PORT = 8081;

/** Instances of a release that the balancer can know at once. */
export function slotsOf({ scale }: Service): number {
  return Math.max(1, Math.min(scale.max, 16));
}

/**
 * HAProxy's configuration: one backend a service, with the instances of the release that runs and, at weight 0, those of the
 * next one. Weights (0 to 256) are shifted through the socket, which `shift.sh` does.
 */
export function haproxyConfig(spec: Spec): string {
  const sections = [GLOBAL, defaults(spec), RESOLVERS, frontend(spec), health(spec), ...spec.services.map(backend)];
  return `${header(spec, "compose")}\n${sections.join("\n\n")}\n`;
}

// Connections are bounded by the file descriptors that the container has, of which no more than these are used: a fixed
// `maxconn` does not start where there are fewer.
const GLOBAL = `global
    log stdout format raw local0 info
    fd-hard-limit 50000
    hard-stop-after 60s
    stats socket /tmp/admin.sock mode 600 level admin`;

// The engine's own DNS: an instance that comes or goes is seen within seconds.
const RESOLVERS = `resolvers engine
    nameserver dns 127.0.0.11:53
    resolve_retries 3
    timeout resolve 1s
    timeout retry 1s
    hold valid 2s
    hold other 2s`;

/** No time is shorter than a service's own: a stream of five minutes is not cut by who stands before it. */
function defaults({ services }: Spec): string {
  const longest = Math.max(...services.map(({ timeout }) => seconds(timeout))) + 5;
  return `defaults
    mode http
    log global
    option httplog
    option dontlognull
    option redispatch
    retries 1
    timeout connect 5s
    timeout http-request 10s
    timeout http-keep-alive 60s
    timeout queue 5s
    timeout client ${longest}s
    timeout server ${longest}s
    timeout check 3s`;
}

function frontend({ services }: Spec): string {
  const first = services.find(({ access }) => access.kind === "public") ?? services[0];
  const hosts = services.map(
    ({ name, access }) =>
      `    use_backend ${name} if { req.hdr(host),field(1,:) -i ${[name, `${name}.localhost`, ...access.hosts].join(" ")} }`,
  );
  return `frontend http
    bind :${BALANCER_PORT}
    # For whoever scrapes, who does not come through here.
    http-request deny deny_status 404 if { path /metrics }
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
${hosts.join("\n")}
    default_backend ${first?.name ?? "none"}`;
}

/** Healthy is a balancer that leads somewhere: one that only runs answers everything with 503. */
function health({ services }: Spec): string {
  return `frontend health
    bind 127.0.0.1:${HEALTH_PORT}
    monitor-uri /
${services.map(({ name }) => `    monitor fail if { nbsrv(${name}) eq 0 }`).join("\n")}`;
}

function backend(service: Service): string {
  const { name, port, concurrency, probes } = service;
  const { path, period, failures } = probes.readiness;
  const most = slotsOf(service);
  return `backend ${name}
    balance leastconn
    option httpchk GET ${path}
    http-check expect status 200
    default-server check inter ${period} fall ${failures} rise 1 maxconn ${concurrency} resolvers engine init-addr none
    server-template current ${most} ${name}:${port} weight 100
    server-template next ${most} ${name}-next:${port} weight 0`;
}
