import { type Context, nameOf, sum } from "../context.ts";
import { publicServices } from "../edge.ts";
import { command, ensure, script } from "./shell.ts";

/** The global load balancer; undefined where no public service has a host. */
export function edgeScript(context: Context): string | undefined {
  const services = publicServices(context);
  if (services.length === 0) return undefined;
  const name = (suffix: string): string => nameOf(context, suffix);
  const groups = context.regions.flatMap((region) =>
    services.map((service) => {
      const group = [name(service.name), `--region=${region}`];
      return ensure(
        ["gcloud", "compute", "network-endpoint-groups", "describe", ...group],
        [
          "gcloud",
          "compute",
          "network-endpoint-groups",
          "create",
          ...group,
          "--network-endpoint-type=serverless",
          `--cloud-run-service=${name(service.name)}`,
        ],
      );
    }),
  );
  const waf = [
    ensure(
      ["gcloud", "compute", "security-policies", "describe", name("waf")],
      ["gcloud", "compute", "security-policies", "create", name("waf"), "--type=CLOUD_ARMOR"],
    ),
    command(
      "gcloud",
      "compute",
      "security-policies",
      "import",
      name("waf"),
      "--file-name=edge/waf.yaml",
      "--file-format=yaml",
    ),
  ];
  return script(
    context,
    [
      "The global load balancer before the services: addresses, certificates that Google keeps, Cloud Armor, one group a region.",
      "After the first ./deploy.sh. It can be run again. The last line says which address the hosts must lead to.",
    ],
    [
      ...(context.settings.edge.waf ? waf : []),
      ...groups,
      ...services.map((service) => replace("backend-services", name(service.name), `backend-${service.name}`)),
      replace("url-maps", name("https"), "url-map"),
      replace("url-maps", name("http"), "redirect"),
      ...certificates(context),
      ...frontends(context),
      `gcloud compute addresses describe ${name("edge")} --global --format='value(address)'`,
    ],
  );
}

function replace(kind: string, name: string, file: string): string {
  return command("gcloud", "compute", kind, "import", name, "--global", `--source=edge/${file}.yaml`);
}

/** Of a resource of Certificate Manager: small letters, digits and dashes (its API's own reference). */
const LONGEST_ID = 63;

/** What the certificate of a host is called: one that another host would have too (`a-b.c`, `a.b-c`) or that is too long ends with a sum. */
function certificateId(host: string, hosts: readonly string[]): string {
  const plain = (name: string): string => name.replaceAll(/[^a-z0-9]/g, "-");
  const isOwn = hosts.filter((other) => plain(other) === plain(host)).length === 1;
  if (isOwn && host.length <= LONGEST_ID) return plain(host);
  const own = sum(host);
  return `${plain(host).slice(0, LONGEST_ID - own.length - 1)}-${own}`;
}

/** One certificate a host, renewed by Google; https://cloud.google.com/certificate-manager/docs/certificates */
function certificates(context: Context): readonly string[] {
  const map = nameOf(context, "hosts");
  const hosts = publicServices(context).flatMap(({ access }) => access.hosts);
  const of = ["gcloud", "certificate-manager"];
  return [
    "",
    ensure([...of, "maps", "describe", map], [...of, "maps", "create", map]),
    ...hosts.flatMap((host) => {
      const certificate = certificateId(host, hosts);
      const entry = [certificate, `--map=${map}`];
      return [
        ensure(
          [...of, "certificates", "describe", certificate],
          [...of, "certificates", "create", certificate, `--domains=${host}`],
        ),
        ensure(
          [...of, "maps", "entries", "describe", ...entry],
          [...of, "maps", "entries", "create", ...entry, `--certificates=${certificate}`, `--hostname=${host}`],
        ),
      ];
    }),
  ];
}

function frontends(context: Context): readonly string[] {
  const name = (suffix: string): string => nameOf(context, suffix);
  const of = ["gcloud", "compute"];
  const rule = (suffix: string, port: string, proxy: readonly string[]): string =>
    ensure(
      [...of, "forwarding-rules", "describe", name(suffix), "--global"],
      [
        ...of,
        "forwarding-rules",
        "create",
        name(suffix),
        "--global",
        "--load-balancing-scheme=EXTERNAL_MANAGED",
        `--address=${name("edge")}`,
        `--ports=${port}`,
        ...proxy,
      ],
    );
  return [
    "",
    ensure(
      [...of, "addresses", "describe", name("edge"), "--global"],
      [...of, "addresses", "create", name("edge"), "--global", "--ip-version=IPV4"],
    ),
    ensure(
      [...of, "ssl-policies", "describe", name("tls")],
      [...of, "ssl-policies", "create", name("tls"), "--profile=MODERN", "--min-tls-version=1.2"],
    ),
    ensure(
      [...of, "target-https-proxies", "describe", name("https")],
      [
        ...of,
        "target-https-proxies",
        "create",
        name("https"),
        `--url-map=${name("https")}`,
        `--certificate-map=${name("hosts")}`,
        `--ssl-policy=${name("tls")}`,
      ],
    ),
    ensure(
      [...of, "target-http-proxies", "describe", name("http")],
      [...of, "target-http-proxies", "create", name("http"), `--url-map=${name("http")}`],
    ),
    rule("https", "443", [`--target-https-proxy=${name("https")}`]),
    rule("http", "80", [`--target-http-proxy=${name("http")}`]),
  ];
}
