import type { DirectoryVersions } from "./directory.ts";

/** Something in memory that follows what is stored. */
export interface Follower {
  /** Reads again what has changed since it last read; `versions` were asked before. */
  follow(versions: DirectoryVersions): Promise<void>;
}

/** Where changes become known to this process. */
export interface ChangeFeed {
  /** Looks for changes; resolves when every follower has read what there was when this was called. Rejects when the database cannot be read. */
  refresh(): Promise<void>;
  /** Stops looking and listening. */
  close(): void;
}

class Feed implements ChangeFeed {
  readonly #versions: () => Promise<DirectoryVersions>;
  readonly #followers: readonly Follower[];
  readonly #onFailure: (error: unknown) => void;
  readonly #listen: ChangeFeedOptions["listen"];
  readonly #timer: NodeJS.Timeout;
  #listening: { close(): void } | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #begun = false;
  #closed = false;

  constructor(options: ChangeFeedOptions) {
    this.#versions = options.versions;
    this.#followers = options.followers;
    this.#onFailure = options.onFailure;
    this.#timer = setInterval(() => this.#look(), options.pollMs);
    this.#timer.unref();
    this.#listen = options.listen;
  }

  refresh(): Promise<void> {
    // Who asks while a look runs needs one that begins after it: the change may be younger. All who ask meanwhile share that one.
    this.#next ??= (this.#running ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        this.#running = this.#next;
        this.#next = undefined;
        return this.#read();
      });
    return this.#next;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#listening?.close();
  }

  // Before the first refresh there is nothing to keep fresh, and a look that takes long is not followed by a second one.
  #look(): void {
    if (this.#begun && this.#next === undefined && !this.#closed) void this.refresh().catch(this.#onFailure);
  }

  async #read(): Promise<void> {
    // Versions are asked before what they count: a change between the two is seen again at the next look, never missed.
    const versions = await this.#versions();
    await Promise.all(this.#followers.map((follower) => follower.follow(versions)));
    if (this.#begun || this.#closed) return;
    this.#begun = true;
    this.#listening = this.#listen(() => this.#look());
  }
}

/** What a feed is made of. */
export interface ChangeFeedOptions {
  readonly versions: () => Promise<DirectoryVersions>;
  readonly followers: readonly Follower[];
  /** Begins to listen for changes, and calls back at each. */
  readonly listen: (changed: () => void) => { close(): void };
  /** Milliseconds between two looks without any message: messages are a courtesy, looking is the guarantee. */
  readonly pollMs: number;
  /** Told of looks that failed. What was read before stays in force. */
  readonly onFailure: (error: unknown) => void;
}

/** Looks every `pollMs`, and at once when the database says that something changed. Both begin after the first refresh. */
export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  return new Feed(options);
}
