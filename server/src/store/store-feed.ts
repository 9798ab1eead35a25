import { describeError, type Logger } from "#telemetry/logger.ts";
import { type ChangeFeed, createChangeFeed, type Follower } from "./change-feed.ts";
import type { Store } from "./store.ts";

const POLL_MS = 1_000;

/** The feed of a store's keys and routes: at once by its messages, and by a look each second whatever they say. */
export function createStoreFeed(store: Store, followers: readonly Follower[], log: Logger): ChangeFeed {
  return createChangeFeed({
    versions: () => store.directory.versions(),
    followers,
    listen: (changed) =>
      store.listen({
        changed,
        lost: (error) => log.warn({ error: describeError(error) }, "changes are not heard of at once, but looked for"),
      }),
    pollMs: POLL_MS,
    onFailure: (error) =>
      log.warn(
        { error: describeError(error) },
        "keys and routes could not be read again; the last known stay in force",
      ),
  });
}
