/**
 * Flags of the Node that runs the server. A request leaves some 30 KB of garbage: with V8's own young generation, which starts small, V8's
 * threads alone take a sixth to an eighth of the CPU; with 32 MB from the start, a twentieth (docs/reference/performance.md). The server is no larger for it when idle.
 * V8's memory reducer collects when a busy server falls quiet, and what was optimised goes with what it collects: for the next 8 s a
 * request cost a quarter to a third more. Without it a server that was busy keeps the memory that it had then (185 MB in place of 110 or 168).
 */
export const SERVER_NODE_FLAGS: readonly string[] = [
  "--min-semi-space-size=32",
  "--max-semi-space-size=32",
  "--no-memory-reducer",
];

/** The server as the image holds it, below its working directory: bundled by `tools/bundle/build-server.ts`. */
export const SERVER_ENTRY = "server/dist/main.mjs";
