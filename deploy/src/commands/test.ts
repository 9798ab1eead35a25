import { buildCommand } from "@stricli/core";
import { inCheckout } from "#lib/checkout.ts";

interface TestFlags {
  readonly only?: string;
  readonly list: boolean;
}

/** `slipway test` */
export const test = buildCommand({
  async func(flags: TestFlags) {
    const args = [...(flags.only === undefined ? [] : ["--only", flags.only]), ...(flags.list ? ["--list"] : [])];
    const { runProgram } = await import("#lib/run-program.ts");
    process.exitCode = await runProgram(inCheckout("tools/test.ts"), args);
  },
  parameters: {
    flags: {
      only: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "GLOB",
        brief: "Run the test files whose path matches (a glob, or a part of the path), and no guards",
      },
      list: { kind: "boolean", default: false, withNegated: false, brief: "Print the test files and run nothing" },
    },
  },
  docs: {
    brief: "Set up what the tests need and run the guards and every test",
    fullDescription:
      "Sets up PostgreSQL, Redis, Chromium and a Docker engine where it can (root on Debian installs them), or takes TEST_DATABASE_URL, TEST_REDIS_URL, CHROMIUM_PATH and DOCKER_HOST. The last line counts the tests: `N passed, N failed, N skipped`.",
  },
});
