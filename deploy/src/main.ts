import { run } from "@stricli/core";
import { application } from "./application.ts";
import { exitStatus, passThrough } from "#lib/command-line.ts";

// What @stricli/core wants of a process; a command that has a code of its own sets it on the real one.
const host = { stdout: process.stdout, stderr: process.stderr, exitCode: null };
await run(application, passThrough(process.argv.slice(2)), { process: host });
process.exitCode = exitStatus(process.exitCode ?? host.exitCode);
