import { readFileSync } from "node:fs";
import { buildApplication, buildRouteMap, help, text_en, version as versionFlag } from "@stricli/core";
import { SlipwayError } from "@slipway/contracts/errors.ts";
import { audit } from "#commands/audit.ts";
import { bench } from "#commands/bench.ts";
import { check } from "#commands/check.ts";
import { checkManifests } from "#commands/check-manifests.ts";
import { cost } from "#commands/cost.ts";
import { eject } from "#commands/eject.ts";
import { init } from "#commands/init.ts";
import { migrate } from "#commands/migrate.ts";
import { pipeline } from "#commands/pipeline.ts";
import { plan } from "#commands/plan.ts";
import { render } from "#commands/render.ts";
import { spec } from "#commands/spec.ts";
import { test } from "#commands/test.ts";
import { up } from "#commands/up.ts";
import { version } from "#commands/version.ts";
import { EXIT } from "#lib/command-line.ts";
import { inCheckout } from "#lib/checkout.ts";

/** An error as the reader of a terminal needs it: the sentence and what to do; the stack only when it is our fault. */
function told(thrown: unknown): string {
  if (thrown instanceof SlipwayError)
    return thrown.hint === undefined ? thrown.message : `${thrown.message}\n${thrown.hint}`;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

const { version: currentVersion } = JSON.parse(readFileSync(inCheckout("package.json"), "utf8")) as { version: string };

const formatting = {
  caseStyle: "convert-camel-to-kebab",
  useAliasInUsageLine: false,
  onlyRequiredInUsageLine: false,
} as const;

/** The slipway command. */
export const application = buildApplication(
  buildRouteMap({
    routes: {
      up,
      init,
      spec,
      render,
      plan,
      cost,
      eject,
      pipeline,
      test,
      check,
      checkManifests,
      migrate,
      audit,
      bench,
      version,
    },
    docs: { brief: "The platform that AI agents run on, and the tool that puts it into production" },
  }),
  {
    name: "slipway",
    scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: (args) =>
          `${text_en.noCommandRegisteredForInput(args)}\nAll commands: ./slipway --help`,
        exceptionWhileRunningCommand: told,
        commandErrorResult: told,
      },
    },
    determineExitCode: (thrown) =>
      thrown instanceof SlipwayError && thrown.code === "usage" ? EXIT.usage : EXIT.failed,
  },
  {
    help: help({ brief: text_en.briefs.help, defaultForRouteMap: true, formatting }),
    version: versionFlag({ brief: text_en.briefs.version, info: { currentVersion } }),
  },
);
