import { buildCommand } from "@stricli/core";
import { parsePort, parseWorkers } from "#lib/command-line.ts";
import type { UpOptions } from "#local/up.ts";

/** `slipway up` */
export const up = buildCommand({
  loader: async () => {
    const { runUp } = await import("#local/up.ts");
    return async (flags: UpOptions) => {
      process.exitCode = await runUp(flags);
    };
  },
  parameters: {
    flags: {
      port: {
        kind: "parsed",
        parse: parsePort,
        optional: true,
        placeholder: "N",
        brief: "The port on this machine; 0 takes any free one (default: PORT, otherwise 8080)",
      },
      home: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "DIR",
        brief: "Where data and keys are kept (default: SLIPWAY_HOME, otherwise .slipway)",
      },
      workers: {
        kind: "parsed",
        parse: parseWorkers,
        optional: true,
        placeholder: "N",
        brief: 'Processes that serve, or "auto": one for each core (default: WORKERS, otherwise 1); needs DATABASE_URL',
      },
      json: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: 'Print one line {"url","apiKey","consoleUrl","pid"} when it is ready, and all else to stderr',
      },
    },
  },
  docs: {
    brief: "Start the platform on this machine: server, database, console and agents",
    fullDescription:
      "Runs in the foreground until Ctrl-C, which lets running requests finish; a second Ctrl-C ends it at once. Without a provider key a mock answers model calls.",
  },
});
