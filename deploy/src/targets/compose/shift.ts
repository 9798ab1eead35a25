import { header } from "#render/yaml.ts";
import type { Spec } from "#spec/spec.ts";
import { slotsOf } from "./haproxy.ts";

/**
 * A script that moves requests between the release that runs and the next one, through the balancer's socket. It refuses to send
 * any to where no instance is up. Weights last as long as the balancer does: one that starts again sends all to the release that runs.
 */
export function shiftScript(spec: Spec): string {
  const cases = spec.services.map((service) => `  ${service.name}) slots=${slotsOf(service)} ;;`);
  const names = spec.services.map(({ name }) => name).join(" or ");
  return `#!/bin/sh
${header(spec, "compose").trimEnd()}
# ./shift.sh SERVICE PERCENT: so many of a service's requests go to the next release, the others to the one that runs.
# COMPOSE is how Compose is called, docker compose if it is not set.
set -eu
cd "$(dirname "$0")"
usage() { echo "usage: ./shift.sh SERVICE PERCENT; SERVICE is ${names}, PERCENT 0 to 100" >&2; exit 2; }
[ $# -eq 2 ] || usage
case "$1" in
${cases.join("\n")}
  *) usage ;;
esac
case "$2" in
  [0-9] | [1-9][0-9] | 100) ;;
  *) usage ;;
esac
balancer() { printf '%s\\n' "$1" | \${COMPOSE:-docker compose} exec -T haproxy socat -t 10 stdio /tmp/admin.sock; }
# The columns of HAProxy's table: backend, server, … the 18th is the state; with weight 0 an instance that is up drains.
up() { balancer "show stat" | awk -F , -v backend="$1" -v release="$2" '$1 == backend && $2 ~ "^" release "[0-9]+$" && $18 ~ /^(UP|DRAIN)/ { n += 1 } END { print n + 0 }'; }
[ "$2" -eq 0 ] || [ "$(up "$1" next)" -gt 0 ] || { echo "No instance of the next release of $1 is up." >&2; exit 1; }
[ "$2" -eq 100 ] || [ "$(up "$1" current)" -gt 0 ] || { echo "No instance of the release of $1 that runs is up." >&2; exit 1; }
commands=
slot=1
while [ "$slot" -le "$slots" ]; do
  # HAProxy takes an empty command for an unknown one.
  commands="\${commands:+$commands; }set weight $1/next$slot $2; set weight $1/current$slot $((100 - $2))"
  slot=$((slot + 1))
done
said="$(balancer "$commands" | tr -d '\\n')"
[ -z "$said" ] || { echo "$said" >&2; exit 1; }
echo "$1: $2 % to the next release, $((100 - $2)) % to the one that runs"
`;
}
