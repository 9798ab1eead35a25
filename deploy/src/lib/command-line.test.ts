import assert from "node:assert/strict";
import { test } from "node:test";
import { ExitCode } from "@stricli/core";
import { exitStatus, parsePort, passThrough } from "./command-line.ts";

test("wrong arguments end with 2, whatever the library calls them", () => {
  assert.equal(exitStatus(ExitCode.InvalidArgument), 2);
  assert.equal(exitStatus(ExitCode.UnknownCommand), 2);
});

test("every other failure of the library ends with 1, and never with a number that a shell would wrap", () => {
  for (const code of Object.values(ExitCode)) {
    const status = exitStatus(code);
    assert.ok(status >= 0 && status <= 2, `${code} became ${status}`);
  }
  assert.equal(exitStatus(ExitCode.InternalError), 1);
});

test("a command's own exit code stays as it is", () => {
  for (const code of [0, 1, 2, 3, 4, 130]) assert.equal(exitStatus(code), code);
  assert.equal(exitStatus(undefined), 0);
  assert.equal(exitStatus(null), 0);
});

test("what follows a benchmark's name belongs to the benchmark", () => {
  assert.deepEqual(passThrough(["bench", "router", "--json"]), ["bench", "--", "router", "--json"]);
  assert.deepEqual(passThrough(["bench", "--", "router", "--json"]), ["bench", "--", "router", "--json"]);
});

test("help for bench is asked of bench, and other commands are left alone", () => {
  for (const args of [["bench", "--help"], ["bench"], ["up", "--json"], []]) assert.deepEqual(passThrough(args), args);
});

test("a port is a whole number up to 65535", () => {
  assert.equal(parsePort("0"), 0);
  assert.equal(parsePort("65535"), 65_535);
  for (const text of ["", "-1", "65536", "80.5", "0x50", "http", " 80"])
    assert.throws(() => parsePort(text), /is not a port/);
});
