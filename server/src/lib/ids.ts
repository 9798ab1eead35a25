import { getRandomValues } from "node:crypto";

// Crockford's alphabet (https://www.crockford.com/base32.html) in lower case: no i, l, o or u, so an id can be read aloud,
// and its order as text is the order of the numbers.
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const PAIRS = Array.from({ length: 1024 }, (_, n) => ALPHABET.charAt(n >> 5) + ALPHABET.charAt(n & 31));
const TWO_40 = 2 ** 40;
const LENGTH = 26;
const ID = /^[a-z][a-z0-9]{0,15}_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

const TWO_20 = 2 ** 20;

/** Base 32 digits of a whole number, most significant first. */
function digits(value: number, pairs: number): string {
  let text = "";
  let rest = value;
  for (let at = 0; at < pairs; at += 1) {
    text = PAIRS[rest % 1024] + text;
    rest = Math.floor(rest / 1024);
  }
  return text;
}

/** The eight digits of a number below 2⁴⁰, in halves that the processor counts as integers. */
function digits40(value: number): string {
  const high = Math.floor(value / TWO_20);
  const low = value - high * TWO_20;
  return `${PAIRS[high >> 10]}${PAIRS[high & 1023]}${PAIRS[low >> 10]}${PAIRS[low & 1023]}`;
}

// Drawn in bulk: one call of the system's generator costs more than the rest of an id.
const pool = new Uint32Array(512);
let drawn = pool.length;

function random32(): number {
  if (drawn === pool.length) {
    getRandomValues(pool);
    drawn = 0;
  }
  const value = pool[drawn] ?? 0;
  pool[drawn] = 0;
  drawn += 1;
  return value;
}

/**
 * Makes ids of 128 bits: 48 of milliseconds, then 80 random ones, as UUID version 7 and ULID have it. Every id is greater as
 * text than the one before, also within one millisecond and when the clock goes back.
 */
export class IdSource {
  readonly #now: () => number;
  #time = 0;
  /** Time and high half: they are the same for all ids of a millisecond. */
  #head = "";
  #high = 0;
  #low = 0;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** `<prefix>_<26 characters>`, for example `thr_01k9z…`. */
  next(prefix: string): string {
    const now = this.#now();
    if (now > this.#time) this.#restart(now);
    else this.#step();
    return `${prefix}_${this.#head}${digits40(this.#low)}`;
  }

  #restart(time: number): void {
    this.#time = time;
    // The highest bit starts clear, which leaves room to count up.
    this.#high = (random32() % 128) * 2 ** 32 + random32();
    this.#low = (random32() % 256) * 2 ** 32 + random32();
    this.#head = digits(time, 5) + digits40(this.#high);
  }

  // A random stride, so that an id does not tell the next one.
  #step(): void {
    this.#low += 1 + random32();
    if (this.#low < TWO_40) return;
    this.#low -= TWO_40;
    this.#high += 1;
    if (this.#high === TWO_40) this.#restart(this.#time + 1);
    else this.#head = digits(this.#time, 5) + digits40(this.#high);
  }
}

const source = new IdSource();

/** A new id from the process's own source; `prefix` names the kind of thing. */
export function newId(prefix: string): string {
  return source.next(prefix);
}

/** True for text in the form of an id with this prefix, whether or not such a thing exists. */
export function isId(prefix: string, text: string): boolean {
  return text.length === prefix.length + 1 + LENGTH && text.startsWith(`${prefix}_`) && ID.test(text);
}
