import { commands } from "#render/commands.ts";
import { word } from "#render/shell.ts";
import type { Spec } from "#spec/spec.ts";
import type { Runbook } from "../target.ts";

/** What people do with Railway's CLI (https://docs.railway.com/cli, 2026-11-21) and its dashboard alone. */
export function runbook(spec: Spec): Runbook {
  const environment = word(spec.environmentName ?? "production");
  const at = `--project ${word(spec.environment.project ?? "")} --environment ${environment}`;
  const [service] = spec.services;
  const name = service?.name ?? "";
  const files = spec.services.map((one) => `${one.name}/Dockerfile`).join(" ");
  const [image] = spec.images.app.split("@");
  const releases = commands(
    ...spec.services.map((one) => `railway up ${one.name} --path-as-root ${at} --service ${one.name} --ci`),
    ...spec.services.map(
      (one) => `railway deployment list --environment ${environment} --service ${one.name} --limit 1    # SUCCESS`,
    ),
  );
  const health = spec.services.flatMap(({ access }) =>
    access.hosts.map((host) => `curl --fail https://${host}/health`),
  );
  return {
    needs: `Railway's CLI, signed in, with the project of this environment; \`jq\`, OpenSSL${spec.data.postgres ? " and `psql`" : ""} for the script.\n\n${commands("npm install --global @railway/cli", "railway login", `railway link ${at}`)}`,
    bootstrap: `Once, and again when settings change. What is there stays; secrets that only you know are asked for.\n\n${commands(
      "./setup.sh",
      `railway variable list --environment ${environment} --service ${name} --json | jq keys`,
    )}\nThen what follows under Deploy. Lead hosts of your own to what \`railway domain\` printed, and turn on the backups of the volumes in the dashboard.\n`,
    deploy: `Another image: its digest, and the release that answers name.\n\n${commands(
      "new=sha256:NEW",
      `sed -i -e "s|^FROM ${image}@.*|FROM ${image}@$new|" -e "s|^ENV SLIPWAY_RELEASE=.*|ENV SLIPWAY_RELEASE=$(printf %.12s "\${new#sha256:}")|" ${files}`,
    )}\nMigrations are the pre-deploy command of ${name}, which is therefore the first. Requests move when a deployment is healthy.\n\n${releases}${health.length === 0 ? "" : `\n${commands(...health)}`}`,
    rollBack: `A deployment that does not become healthy never gets a request: the one before goes on. One that answered and is bad goes back in the dashboard (Deployments, the one before, Rollback), which the CLI cannot do; or by the files:\n\n${commands(
      `git checkout HEAD~1 -- ${files}    # or write the old digest back as under Deploy`,
    )}\n${releases}\nMigrations are not undone: each release works with the schema of the next one.\n`,
    callPrivate: `Railway knows no identities of callers. A service without a domain is reached by its neighbours at \`${name}.railway.internal:${service?.port ?? 8080}\`, and from inside its container; the server asks for a key of its own.\n\n${commands(
      `railway ssh ${at} --service ${name}`,
      "# in there",
      `node -e "fetch('http://127.0.0.1:${service?.port ?? 8080}/ready').then(async (a) => console.log(a.status, await a.text()))"`,
    )}`,
    debug: commands(
      "railway status",
      ...spec.services.flatMap((one) => [
        `# ${one.name}: deployments; why one was not built or did not become healthy; errors of the last hour`,
        `railway deployment list --environment ${environment} --service ${one.name}`,
        `railway logs --environment ${environment} --service ${one.name} --build --lines 100`,
        `railway logs --environment ${environment} --service ${one.name} --latest --lines 200`,
        `railway logs --environment ${environment} --service ${one.name} --since 1h --filter '@level:error'`,
      ]),
      ...(spec.data.postgres
        ? [
            "# The database",
            `railway logs --environment ${environment} --service Postgres --lines 100`,
            `railway connect Postgres --environment ${environment}`,
          ]
        : []),
    ),
  };
}
