/**
 * Takes every step in order, whatever becomes of those before it: one that fails is told, and keeps no later one from being taken.
 * Rejects in the end with what the first that failed did.
 */
export async function everyStep(steps: readonly (() => unknown)[], onFailure: (error: unknown) => void): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
      onFailure(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
