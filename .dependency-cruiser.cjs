// The order of the rooms, as ARCHITECTURE.md draws it, in a form that fails the build.

/** The folders of server/src, lowest first: each may import those before it and the contracts. */
const ROOMS = [
  "lib",
  "telemetry",
  "egress",
  "keys",
  "store",
  "objects",
  "events",
  "identity",
  "flags",
  "limits",
  "audit",
  "providers",
  "router",
  "memory",
  "agents",
  "http",
  "config",
  "workers",
  "compose",
];

/** Modules of Node that reach outside the process. */
const OUTSIDE =
  "^(node:)?(fs|fs/promises|net|http|http2|https|tls|dgram|dns|dns/promises|child_process|worker_threads|cluster)$";

/** Modules of Node, and clients, that open sockets. */
const SOCKETS =
  "^(node:)?(net|http|http2|https|tls|dgram|dns|dns/promises)$|(^|/)node_modules/(undici|ws|axios|got|node-fetch|google-auth-library)/";

/** What talks to a database or to Redis. */
const DRIVERS =
  "(^|/)node_modules/(pg|pg-[^/]+|kysely|redis|@redis/[^/]+|@electric-sql/[^/]+|@aws-sdk/[^/]*dynamodb[^/]*)/";

const roomRules = ROOMS.map((room, index) => {
  const later = [...ROOMS.slice(index + 1), "(main|service)\\.ts$"].map((name) =>
    name.endsWith("$") ? name : `${name}/`,
  );
  return {
    name: `room-${room}`,
    comment: `${room}/ stands below the folder it imports: move the shared part down, or hand the value in from above.`,
    severity: "error",
    from: { path: `^server/src/${room}/` },
    to: { path: `^server/src/(${later.join("|")})` },
  };
});

/** Tests and what only tests use. */
const TESTING = "\\.test\\.tsx?$|/testing/|/testing\\.ts$";

/** One folder per member, and no member knows another. `shared` are folders that serve all members and are no members. */
function strangers(name, parent, shared = []) {
  const others = shared.map((folder) => `^${parent}/${folder}/`);
  return {
    name,
    comment: `The folders of ${parent} never import each other: what they share belongs above them or into contracts.`,
    severity: "error",
    from: { path: `^${parent}/([^/]+)/`, ...(others.length > 0 ? { pathNot: others } : {}) },
    to: { path: `^${parent}/[^/]+/`, pathNot: [`^${parent}/$1/`, ...others] },
  };
}

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: "room-unknown",
      comment: "A folder of server/src must stand in the order of rooms (.dependency-cruiser.cjs).",
      severity: "error",
      from: {
        path: "^server/src/",
        pathNot: [...ROOMS.map((room) => `^server/src/${room}/`), "^server/src/(main|service)\\.ts$"],
      },
      to: {},
    },
    strangers("providers-are-strangers", "server/src/providers", ["wire", "transport", "conformance"]),
    {
      name: "provider-tools-know-no-provider",
      comment: "What serves all providers does not know one of them.",
      severity: "error",
      from: { path: "^server/src/providers/(wire|transport)/", pathNot: TESTING },
      to: { path: "^server/src/providers/[^/]+/", pathNot: "^server/src/providers/(wire|transport)/" },
    },
    strangers("dialects-are-strangers", "server/src/router/dialects"),
    strangers("targets-are-strangers", "deploy/src/targets", ["aws"]),
    {
      name: "drivers-only-in-store",
      comment: "Only server/src/store talks to a database.",
      severity: "error",
      from: { path: "^(server|deploy|console|contracts|agents|examples)/", pathNot: "^server/src/store/" },
      to: { path: DRIVERS },
    },
    {
      name: "contracts-know-nobody",
      comment: "The contracts are what the others agree on; they import nothing of ours.",
      severity: "error",
      from: { path: "^contracts/src/" },
      to: { path: "^(server|deploy|console|agents|examples|bench|test|tools)/" },
    },
    {
      name: "contracts-are-pure",
      comment: "The contracts run in a browser too: no modules of Node.",
      severity: "error",
      from: { path: "^contracts/src/", pathNot: TESTING },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "server-knows-contracts-only",
      comment: "The server is shipped alone.",
      severity: "error",
      from: { path: "^server/src/", pathNot: TESTING },
      to: { path: "^(deploy|console|agents|examples|bench|test|tools)/" },
    },
    {
      name: "console-knows-contracts-only",
      comment: "The console speaks to the server over HTTP.",
      severity: "error",
      from: { path: "^console/src/" },
      to: { path: "^(server|deploy|agents|examples|bench|test|tools)/" },
    },
    {
      name: "deploy-knows-contracts-only",
      comment: "The control plane starts the server as a process; it never imports it.",
      severity: "error",
      from: { path: "^deploy/src/", pathNot: TESTING },
      to: { path: "^(server|console|agents|examples|bench|test|tools)/" },
    },
    {
      name: "agents-know-the-agent-contract-only",
      comment: "A plugin agent is written against `slipway/agent`.",
      severity: "error",
      from: { path: "^(agents|examples)/", pathNot: TESTING },
      to: { path: "^(server|deploy|console|bench|test|tools)/" },
    },
    {
      name: "deploy-pure-stages",
      comment: "spec, render, check and pipeline take values and give values: no files, no network, no processes.",
      severity: "error",
      from: { path: "^deploy/src/(spec|render|check|plan|cost|pipeline)/", pathNot: TESTING },
      to: { path: OUTSIDE },
    },
    {
      name: "outgoing-only-through-egress",
      comment:
        "Requests leave the server through server/src/egress, which checks every address. Model calls (providers/transport), the store, the HTTP server and the keeper of workers have sockets of their own.",
      severity: "error",
      from: {
        path: "^server/src/",
        pathNot: [
          "^server/src/(egress|store|http|workers)/",
          "^server/src/providers/(transport|conformance)/",
          TESTING,
        ],
      },
      to: { path: SOCKETS },
    },
    {
      name: "lib-is-pure",
      comment: "server/src/lib holds helpers without I/O.",
      severity: "error",
      from: { path: "^server/src/lib/", pathNot: TESTING },
      to: { path: OUTSIDE },
    },
    {
      name: "no-test-in-product",
      comment: "Code that ships does not import tests or their helpers.",
      severity: "error",
      from: { path: "^(server|deploy|console|contracts|agents|examples)/", pathNot: TESTING },
      to: { path: `${TESTING}|^test/|/__fixtures__/` },
    },
    {
      name: "no-runtime-cycle",
      comment:
        "Modules that load each other have no order. Imports of types alone do not count: they are gone at run time.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|__generated__|__fixtures__)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json", ".css"],
    },
  },
};
