import { readFileSync } from "node:fs";
import { buildCommand } from "@stricli/core";
import { inCheckout } from "#lib/checkout.ts";

/** `slipway version` */
export const version = buildCommand({
  func() {
    const { version: number } = JSON.parse(readFileSync(inCheckout("package.json"), "utf8")) as { version: string };
    this.process.stdout.write(`slipway ${number}\nnode ${process.versions.node}\n`);
  },
  parameters: {},
  docs: { brief: "Print the versions of Slipway and of the Node that runs it" },
});
