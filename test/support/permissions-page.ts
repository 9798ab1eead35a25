import { PERMISSIONS, ROLE_PERMISSIONS, ROLES } from "@slipway/contracts/permissions.ts";
import type { DeclaredRoute } from "../../server/src/http/route-table.ts";

const COMMAND = "UPDATE_DOCS=1 ./slipway test --only test/permissions-page.test.ts";

const HEAD = `# Permissions: who may ask what

Made from the route table by \`${COMMAND}\`; a test holds this page against the routes that are served.

A caller is a key, a console session or a token. It has a **role** in its tenant. **Scopes** of a key or token narrow what the role permits and never widen it; the
key of a user permits no more than the user's role does today, and ends with the user. Nobody grants, changes or takes away more than they hold, a key that expires
makes none that outlives it, and the last owner of a tenant can be neither removed, disabled nor demoted. Whoever rotates, changes or revokes another user's key needs \`users:write\`.

The **environment's key** (\`API_KEY\`) is an owner of the tenant \`default\` and the only one that may list and make tenants.

A route that requires nothing but a verified caller is \`authenticated\`; one that says nothing of any tenant is \`public\`. A server whose route does not declare one of them does not start.
What belongs to another tenant is answered as if it were not there. Running an agent as a model (\`model: "agent/<name>"\`) takes \`agents:run\` besides \`models:invoke\`.
`;

const mark = (yes: boolean): string => (yes ? "✓" : "");

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The page of permissions: each permission and each route by role. */
export function permissionsPage(routes: readonly DeclaredRoute[]): string {
  const lines = new Map<string, readonly string[]>();
  for (const { method, path, requires } of routes) {
    if (method === "all") continue;
    const open = requires === "public" || requires === "authenticated";
    const roles = ROLES.map((role) =>
      mark(open || ROLE_PERMISSIONS[role].some((permission) => permission === requires)),
    );
    const shown = path.replaceAll(/\/:(\w+)/g, "/{$1}");
    lines.set(`${shown} ${method}`, [`\`${method.toUpperCase()} ${shown}\``, `\`${requires}\``, ...roles]);
  }
  const byPath = [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  const permissions = PERMISSIONS.map((permission) => [
    `\`${permission}\``,
    ...ROLES.map((role) => mark(ROLE_PERMISSIONS[role].includes(permission))),
  ]);
  return `${HEAD}
## Routes
${table(["route", "requires", ...ROLES], byPath)}

## Permissions
${table(["permission", ...ROLES], permissions)}
`;
}
