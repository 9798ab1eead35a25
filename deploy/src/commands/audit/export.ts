import { buildCommand } from "@stricli/core";
import { API_FLAGS } from "#lib/api-client.ts";

/** `slipway audit export` */
export const exportCommand = buildCommand({
  loader: async () => (await import("#local/audit/export.ts")).exportAudit,
  parameters: {
    flags: {
      ...API_FLAGS,
      output: {
        kind: "parsed",
        parse: String,
        placeholder: "FILE",
        brief: "Where to write; the public key goes beside it",
      },
    },
  },
  docs: { brief: "Write the tenant's audit log, as far as it is signed, to a file" },
});
