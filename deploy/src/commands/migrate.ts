import { buildCommand } from "@stricli/core";
import { inCheckout } from "#lib/checkout.ts";

/** `slipway migrate` */
export const migrate = buildCommand({
  async func(flags: { readonly grantTo?: string }) {
    const args = flags.grantTo === undefined ? [] : ["--grant-to", flags.grantTo];
    const { runProgram } = await import("#lib/run-program.ts");
    process.exitCode = await runProgram(inCheckout("server/src/main.ts"), ["migrate", ...args]);
  },
  parameters: {
    flags: {
      grantTo: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "ROLE",
        brief: "Give this database role what the server needs at run time, and no more",
      },
    },
  },
  docs: {
    brief: "Bring the database to the schema of this version",
    fullDescription:
      "Uses MIGRATION_DATABASE_URL (the owner of the tables), otherwise DATABASE_URL, otherwise the embedded database. Several at once wait for each other.",
  },
});
