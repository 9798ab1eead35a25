import type { EmbeddingVector } from "@slipway/contracts/model/embedding.ts";

const BYTES_A_NUMBER = 4;
// The longest that vendors make have 4,096.
const MOST_NUMBERS = 16_384;

function numbersOf(vector: EmbeddingVector): Float32Array {
  if (typeof vector !== "string") return Float32Array.from(vector);
  const bytes = Buffer.from(vector, "base64");
  return Float32Array.from({ length: Math.floor(bytes.length / BYTES_A_NUMBER) }, (_, at) =>
    bytes.readFloatLE(at * BYTES_A_NUMBER),
  );
}

/** The vector at length 1, so that the cosine of two is their product; undefined when it is none that has a direction. */
export function unitVector(vector: EmbeddingVector): Float32Array | undefined {
  const numbers = numbersOf(vector);
  if (numbers.length === 0 || numbers.length > MOST_NUMBERS) return undefined;
  let sum = 0;
  for (const number of numbers) sum += number * number;
  const length = Math.sqrt(sum);
  if (!Number.isFinite(length) || length === 0) return undefined;
  for (let at = 0; at < numbers.length; at += 1) numbers[at] = (numbers[at] ?? 0) / length;
  return numbers;
}

/** The sum of the products from `from` up to `to`; over the whole of two unit vectors it is their cosine. */
export function product(a: Float32Array, b: Float32Array, from: number, to: number): number {
  // Four sums that do not wait for each other: half the time of one.
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let at = from;
  for (const end = to - 3; at < end; at += 4) {
    first += (a[at] ?? 0) * (b[at] ?? 0);
    second += (a[at + 1] ?? 0) * (b[at + 1] ?? 0);
    third += (a[at + 2] ?? 0) * (b[at + 2] ?? 0);
    fourth += (a[at + 3] ?? 0) * (b[at + 3] ?? 0);
  }
  for (; at < to; at += 1) first += (a[at] ?? 0) * (b[at] ?? 0);
  return first + second + third + fourth;
}
