import { buildCommand } from "@stricli/core";
import { inCheckout } from "#lib/checkout.ts";

/** `slipway check` */
export const check = buildCommand({
  async func(flags: { readonly fix: boolean }) {
    const { runProgram } = await import("#lib/run-program.ts");
    process.exitCode = await runProgram(inCheckout("tools/check.ts"), flags.fix ? ["--fix"] : []);
  },
  parameters: {
    flags: {
      fix: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "First mend what the linter and the formatter can mend",
      },
    },
  },
  docs: { brief: "Run the guards: types, lint, format, import order, unused code, sizes" },
});
