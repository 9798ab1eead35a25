/** How long to wait between tries. */
export interface BackoffSettings {
  /** Milliseconds that the first wait is at most. */
  readonly baseMs: number;
  /** Milliseconds that any wait is at most, unless the other side asks for a longer one. */
  readonly capMs: number;
}

/**
 * Full jitter: a random time from 0 up to a bound that doubles with each try, so that those who failed together do not come back
 * together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `attempt` counts the retries from 1.
 */
function fullJitter(attempt: number, settings: BackoffSettings, random: () => number): number {
  const bound = Math.min(settings.capMs, settings.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.floor(random() * bound);
}

/** Share of a wished wait that is added at random: everyone who was told the same second must not come in that second. */
const WISH_JITTER = 0.25;

/** Milliseconds to wait before a retry: at least what the other side asked for, else full jitter. */
export function retryDelay(
  attempt: number,
  wishedMs: number | undefined,
  settings: BackoffSettings,
  random: () => number,
): number {
  if (wishedMs === undefined || wishedMs <= 0) return fullJitter(attempt, settings, random);
  return Math.ceil(wishedMs + random() * Math.min(wishedMs * WISH_JITTER, settings.capMs));
}
