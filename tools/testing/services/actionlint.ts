import { join } from "node:path";
import { findProgram, isExecutable, runCommand } from "../command.ts";
import type { Service } from "./service.ts";

/** Of 2026-03; https://github.com/rhysd/actionlint */
const MODULE = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";
/** Milliseconds that fetching and compiling may take. */
const TIMEOUT = 5 * 60_000;

/** Judges GitHub Actions workflows. Go brings it, from the module proxy and checked against its checksum database, once for each checkout. */
export const actionlint: Service = {
  requirement: "Actionlint",
  title: "actionlint",
  async setUp({ root, say }) {
    const folder = join(root, ".cache", "go", "bin");
    const own = join(folder, "actionlint");
    const found = process.env["ACTIONLINT_PATH"] || (isExecutable(own) ? own : findProgram("actionlint"));
    if (found !== undefined) return { ok: true, environment: { ACTIONLINT_PATH: found }, what: found };
    const remedy = "install Go, or actionlint and set ACTIONLINT_PATH";
    const go = findProgram("go");
    if (go === undefined) return { ok: false, why: "there is no Go, which would bring it", remedy };
    say("compiling actionlint…");
    const { code, output } = await runCommand(go, ["install", MODULE], {
      timeout: TIMEOUT,
      env: { ...process.env, GOBIN: folder, GOFLAGS: "-mod=mod" },
    });
    if (code !== 0) return { ok: false, why: `go install failed: ${output.trim().slice(-500)}`, remedy };
    return { ok: true, environment: { ACTIONLINT_PATH: own }, what: own };
  },
};
