import { type CryptoKey, importJWK, type JWK } from "jose";
import { isObject, type JsonObject } from "#lib/shape.ts";
import { algorithmsOfKey, type AsymmetricAlgorithm } from "./algorithms.ts";
import { hasRocaFingerprint } from "./roca.ts";

/** Keys of an issuer that may verify signatures, by key id and algorithm. */
export interface PublicKeys {
  /** Undefined when the set has no key of this id that may verify this algorithm. */
  find(kid: string, algorithm: string): CryptoKey | undefined;
  /** True when the set has a key of this id, whatever it may verify. */
  has(kid: string): boolean;
  /** Keys that can be used. */
  readonly size: number;
  /** Tells one set of keys from another. */
  readonly mark: string;
}

const MOST_KEYS = 100;
const RSA_BITS = { least: 2048, most: 8192 };

/**
 * The algorithms that a key of a set may verify: those of its type that its own `alg`, `use` and `key_ops` allow (RFC 7517, 4).
 * None for a symmetric key, for a weak or malformed one, and for one of another use.
 */
function usableAlgorithms(jwk: JsonObject): readonly AsymmetricAlgorithm[] {
  const { kty, crv, use, alg, key_ops: operations } = jwk;
  if (use !== undefined && use !== "sig") return [];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return [];
  if (kty === "RSA" && !isSoundRsa(jwk)) return [];
  const possible = algorithmsOfKey(kty, crv);
  return alg === undefined ? possible : possible.filter((algorithm) => algorithm === alg);
}

function isSoundRsa({ n, e }: JsonObject): boolean {
  const [modulus, exponent] = [unsigned(n), unsigned(e)];
  if (modulus === undefined || exponent === undefined) return false;
  const bits = modulus.toString(2).length;
  if (bits < RSA_BITS.least || bits > RSA_BITS.most) return false;
  // An exponent of 1 makes every message its own signature; an even one is no RSA (FIPS 186-5, 5.4 bounds it at 2^256).
  if (exponent < 3n || exponent % 2n === 0n || exponent >= 1n << 256n) return false;
  return !hasRocaFingerprint(modulus);
}

function unsigned(text: unknown): bigint | undefined {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]{1,2048}$/.test(text)) return undefined;
  return BigInt(`0x${Buffer.from(text, "base64url").toString("hex") || "0"}`);
}

/** Only what is public: a private part that an issuer publishes by mistake is not taken into memory as a key. */
function publicPart({ kty, crv, x, y, n, e }: JsonObject): JWK {
  const parts = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(parts);
}

/**
 * The keys of a JSON Web Key Set that may verify signatures; the others are left out, as RFC 7517, 5 has it. A key id that comes
 * twice names nothing: neither key is taken. Rejects with TypeError when this is no key set or holds more than 100 keys.
 */
export async function readPublicKeys(set: unknown): Promise<PublicKeys> {
  const members: unknown = isObject(set) ? set["keys"] : undefined;
  if (!Array.isArray(members) || members.length > MOST_KEYS) {
    throw new TypeError(`A key set has \`keys\`, at most ${MOST_KEYS} of them.`);
  }
  const jwks = members.filter(isObject).filter(({ kid }) => typeof kid === "string" && kid !== "" && kid.length <= 512);
  const byKid = Map.groupBy(jwks, ({ kid }) => String(kid));
  const keys = new Map<string, CryptoKey>();
  const usable = new Set<string>();
  for (const [kid, [jwk, ...namesakes]] of byKid) {
    if (!jwk || namesakes.length > 0) continue;
    for (const algorithm of usableAlgorithms(jwk)) {
      const key = await imported(publicPart(jwk), algorithm);
      if (!key) continue;
      keys.set(`${algorithm}/${kid}`, key);
      usable.add(kid);
    }
  }
  const mark = JSON.stringify([...byKid].map(([, same]) => same.map((jwk) => publicPart(jwk))));
  return {
    find: (kid, algorithm) => keys.get(`${algorithm}/${kid}`),
    has: (kid) => byKid.has(kid),
    size: usable.size,
    mark,
  };
}

async function imported(jwk: JWK, algorithm: AsymmetricAlgorithm): Promise<CryptoKey | undefined> {
  try {
    const key = await importJWK(jwk, algorithm, { extractable: false });
    return key instanceof Uint8Array ? undefined : key;
  } catch {
    // A point that is not on its curve, a member that is no base64url: a key that nobody can use.
    return undefined;
  }
}
