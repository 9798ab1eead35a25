import { createStore } from "../create-store.ts";
import { startEmbeddedDatabase } from "../embedded/start.ts";
import { migrate } from "../migrate.ts";

// A small server for kill tests: `node embedded-server.ts <folder>` opens the database, says so, and then appends messages one
// after another, telling the number of each that the database has confirmed.

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("Usage: embedded-server.ts <data folder>");
const database = await startEmbeddedDatabase({ dataDir: folder });
await migrate(database.connection);
const store = createStore({ connection: database.connection });
await store.tenants.ensure("t", "T");
const threadId = `thr_${process.pid}`;
await store.threads.create("t", { id: threadId, agent: null });
process.send?.({ childPid: database.pid, threadId });
try {
  for (let n = 1; ; n += 1) {
    const content = Buffer.alloc(2000, n);
    await store.messages.append("t", threadId, [{ id: `msg_${String(n).padStart(6, "0")}`, role: "user", content }]);
    process.send?.({ confirmed: n });
  }
} catch {
  // The test has killed the database.
  process.exit(1);
}
