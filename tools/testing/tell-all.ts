import { isMainThread } from "node:worker_threads";

// Loaded into every process of tests before its file. `--test-force-exit` ends such a process as soon as its last news is written,
// which drops what a busy runner has not read out of a pipe that does not block: tests of a quick file were missing from the count
// then, and a test that failed among them from the report (Node 24.21, `Test.run` in `internal/test_runner/test.js`).
if (isMainThread && process.argv[1]?.endsWith(".test.ts") === true) {
  const handle: unknown = Reflect.get(process.stdout, "_handle");
  if (typeof handle === "object" && handle !== null && "setBlocking" in handle) {
    const { setBlocking } = handle;
    if (typeof setBlocking === "function") Reflect.apply(setBlocking, handle, [true]);
  }
}
