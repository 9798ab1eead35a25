import { buildCommand } from "@stricli/core";

/** `slipway audit verify` */
export const verify = buildCommand({
  loader: async () => (await import("#local/audit/verify.ts")).verifyAudit,
  parameters: {
    flags: {
      publicKey: {
        kind: "parsed",
        parse: String,
        placeholder: "KEY",
        brief: "The log's public key, or a file with it: kept from a time when the server was trusted",
      },
      checkpoint: {
        kind: "parsed",
        parse: String,
        optional: true,
        variadic: true,
        placeholder: "FILE",
        brief: "A checkpoint that was kept elsewhere; the export must contain what it covers",
      },
    },
    positional: { kind: "tuple", parameters: [{ parse: String, brief: "The export", placeholder: "file" }] },
  },
  docs: {
    brief: "Verify an export without the server; ends with 1 and names the first wrong record",
    fullDescription: "Every record against its chain hash, every checkpoint against its signature and its Merkle root.",
  },
});
