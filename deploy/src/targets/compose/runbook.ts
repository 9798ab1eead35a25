import { commands } from "#render/commands.ts";
import type { Spec } from "#spec/spec.ts";
import type { Runbook } from "../target.ts";

/** What people do with Docker Compose alone. */
export function runbook(spec: Spec): Runbook {
  const { publish } = spec.environment;
  const [service] = spec.services;
  const name = service?.name ?? "";
  const stores = spec.data.postgres !== undefined;
  const names = spec.services.map((one) => one.name).join(" ");
  return {
    needs: "Docker with Compose ≥ 2.24, and OpenSSL for secrets that are made on the spot.",
    bootstrap: `Secrets are files in \`secrets/\`, which git ignores.\n\n${commands(
      "./make-secrets.sh                   # makes what can be made, names what you must bring",
      "docker compose config --quiet",
      "docker compose up --detach --wait",
    )}`,
    deploy: `Write the new digest into \`image:\` of the services in \`compose.yaml\`. Migrations run before they start.\n\n${commands(
      "docker compose pull",
      "docker compose up --detach --wait",
    )}\nThe next release beside the one that runs, without requests until the balancer is told:\n\n${commands(
      "export NEXT_IMAGE=REGISTRY/NAME@sha256:DIGEST",
      "docker compose --profile next up --detach --wait",
      `./shift.sh ${name} 5                  # per cent of its requests; 100 moves all, 0 takes them back`,
    )}`,
    rollBack: `${commands(
      `./shift.sh ${name} 0                  # as long as the next release is beside the one before`,
      "git checkout HEAD~1 -- compose.yaml    # or write the old digest back",
      `docker compose up --detach --wait --no-deps ${names}`,
      "docker compose --profile next rm --stop --force    # what was beside it",
    )}\nMigrations are not undone: each release works with the schema of the next one.\n`,
    callPrivate: `The balancer listens on ${publish} of this machine only. It leads to a service by its host name; who may ask is the server's key, there are no identities of a platform here.\n\n${commands(
      `curl --fail -H 'Host: ${name}' http://${publish}/health`,
      `curl --fail -H 'Host: ${name}' -H "Authorization: Bearer $API_KEY" http://${publish}/v1/models`,
      "# from another machine",
      `ssh -L ${publish}:${publish} HOST`,
    )}`,
    debug: commands(
      "docker compose ps --all",
      `docker compose logs --since 1h ${name} | grep '"level":"error"'`,
      "docker compose logs haproxy --tail 100",
      `docker compose exec ${name} node -e "fetch('http://127.0.0.1:${service?.port ?? 8080}/ready').then(async (a) => console.log(a.status, await a.text()))"`,
      "docker compose stats --no-stream",
      "docker compose ps --all --quiet | xargs docker inspect --format '{{.Name}} {{.State.OOMKilled}}'",
      ...(stores
        ? [
            "docker compose logs migrate",
            'docker compose exec postgres psql -U slipway_owner slipway -c "select state, count(*) from pg_stat_activity group by 1"',
          ]
        : []),
    ),
  };
}
