import { aptLine, canInstall, installPackages } from "../apt.ts";
import { findProgram, runCommand } from "../command.ts";
import type { Service, SetUp } from "./service.ts";

/** What a Chromium is called by those who package it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const VERSION_TIMEOUT = 30_000;

/** A Chromium of this machine, or the one that CHROMIUM_PATH names. */
export const chromium: Service = {
  requirement: "Chromium",
  title: "Chromium",
  async setUp(setup) {
    const given = process.env["CHROMIUM_PATH"];
    let path = given ?? find();
    if (path === undefined && canInstall()) {
      const failure = await installPackages(["chromium"], setup.say);
      if (failure !== undefined) return missing(`apt-get could not install it: ${failure}`);
      path = find();
    }
    if (path === undefined) return missing("there is no Chromium");
    const { code, output } = await runCommand(path, ["--version"], { timeout: VERSION_TIMEOUT });
    if (code !== 0) return missing(`${path} does not run: ${output.trim().slice(-500)}`);
    return {
      ok: true,
      environment: { CHROMIUM_PATH: path },
      what: `${/\d+(\.\d+)+/.exec(output)?.[0] ?? ""} at ${path}`,
    };
  },
};

function find(): string | undefined {
  return NAMES.map(findProgram).find((path) => path !== undefined);
}

function missing(why: string): SetUp {
  return { ok: false, why, remedy: `${aptLine(["chromium"])}, or set CHROMIUM_PATH` };
}
