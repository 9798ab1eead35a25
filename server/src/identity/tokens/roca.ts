/*
 * RSA keys of a broken generator of Infineon's (CVE-2017-15361): their primes have the form k·M + 65537^a mod M, so the modulus is a
 * power of 65537 modulo each small prime, which a random modulus practically never is. Nemec, Sys, Svenda, Klinec, Matyas:
 * "The Return of Coppersmith's Attack", CCS 2017, section 5, with these primes.
 */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const GENERATOR = 65_537;

function powersOf(base: number, prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * base) % prime) powers.add(power);
  return powers;
}

/** True for a modulus that bears the fingerprint of that generator: it can be factored for little money. */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return PRIMES.every((prime) => powersOf(GENERATOR % prime, prime).has(Number(modulus % BigInt(prime))));
}
