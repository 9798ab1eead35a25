/** The middle value, or the mean of the two middle ones. Throws on an empty list: there is no figure to report. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("The median of nothing is no number");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** The smallest value that at least `percent` of all values do not exceed (nearest rank). Throws on an empty list. */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new RangeError("The percentile of nothing is no number");
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.min(Math.max(rank, 1), sorted.length) - 1] ?? 0;
}

/** Rounded to `digits` decimals, for figures that are printed. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** The slope of the line that fits the points best, and its standard error. Throws on fewer than three points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): { slope: number; error: number } {
  const { length } = points;
  if (length < 3) throw new RangeError("Fewer than three points have no slope with an error");
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / length;
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const found = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - found * (x - meanX)) ** 2, 0);
  return { slope: found, error: Math.sqrt(rest / (length - 2) / spread) };
}

/** The mean of the values and its standard error. Throws on fewer than two: one value tells nothing of its error. */
export function mean(values: readonly number[]): { mean: number; error: number } {
  const { length } = values;
  if (length < 2) throw new RangeError("Fewer than two values have no error");
  const found = values.reduce((sum, value) => sum + value, 0) / length;
  const spread = values.reduce((sum, value) => sum + (value - found) ** 2, 0) / (length - 1);
  return { mean: found, error: Math.sqrt(spread / length) };
}
