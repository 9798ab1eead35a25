import { REFERENCES } from "../references.ts";
import { rule, type Rule } from "../rule.ts";

const DATABASE_PORTS = new Set(["5432", "3306", "6379", "27017", "9200", "11211", "1433", "5672", "9092"]);

/** Rules about Compose files. */
export const COMPOSE_RULES: readonly Rule[] = [
  rule(
    "compose",
    {
      id: "compose-version-obsolete",
      severity: "warning",
      what: "The member version of a Compose file means nothing any more.",
      why: "Compose warns about it at each call, and it misleads about what the file may use.",
      fix: "Take it out.",
      source: REFERENCES.composeVersion,
      mends: true,
    },
    (compose, say) => {
      const version = compose.get("version");
      if (version.exists) say(version, { edit: version.remove() });
    },
  ),
  rule(
    "service",
    {
      id: "compose-database-port-public",
      severity: "error",
      what: "A database's port is open on every address of the machine.",
      why: "Docker opens it past the machine's firewall, so the network it stands in can try passwords.",
      fix: 'Bind it to the machine itself, "127.0.0.1:5432:5432", or leave the port out: services reach each other without.',
      source: REFERENCES.composeServices,
      mends: true,
    },
    ({ node }, say) => {
      for (const port of node.get("ports").items()) {
        const published = port.isMap
          ? port.get("published").text
          : (/^(?:0\.0\.0\.0:)?(?:[\w${}:-]+?:)?(\d+)(?:\/tcp)?$/.exec(port.text)?.[1] ?? "");
        const target = port.isMap ? port.get("target").text : published;
        const bound = port.isMap
          ? port.get("host_ip").exists && port.get("host_ip").text !== "0.0.0.0"
          : /^(127\.|\[?::1|localhost)|^\$\{?\w*(HOST|ADDR|BIND)/.test(port.text);
        if (!DATABASE_PORTS.has(target) || bound) continue;
        const plain = /^\d+:\d+$/.test(port.text) && port.scalar !== undefined;
        say(port, { edit: plain ? port.replaceBy(`"127.0.0.1:${port.text}"`) : undefined });
      }
    },
  ),
  rule(
    "service",
    {
      id: "compose-privileged",
      severity: "error",
      what: "The service is root on its machine in all but name.",
      why: "privileged, the host's network or process namespace and added capabilities lift what keeps containers apart.",
      fix: "Take it out, and add the one capability that is needed, if any.",
      source: REFERENCES.dockerSecurity,
    },
    ({ node }, say) => {
      if (node.get("privileged").isTrue) say(node.get("privileged"));
      for (const key of ["network_mode", "pid", "ipc"]) if (node.get(key).text === "host") say(node.get(key));
      for (const each of node.get("cap_add").items())
        if (/^(CAP_)?(ALL|SYS_ADMIN|SYS_PTRACE|SYS_MODULE|NET_ADMIN|DAC_READ_SEARCH)$/.test(each.text)) say(each);
    },
  ),
  rule(
    "service",
    {
      id: "compose-wait-without-health",
      severity: "info",
      what: "The service waits until the other has started, not until it answers.",
      why: "A database takes seconds longer, and the first connections fail.",
      fix: "Give the other a healthcheck and use condition: service_healthy.",
      source: REFERENCES.composeOrder,
    },
    ({ node }, say) => {
      const waits = node.get("depends_on");
      if (waits.isList && waits.items().length > 0) say(waits);
      for (const each of waits.isMap ? waits.entries() : [])
        if (each.get("condition").text === "service_started") say(each);
    },
  ),
];
