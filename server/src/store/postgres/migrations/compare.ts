import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Migration } from "../../migration-files.ts";
import type { AppliedMigration } from "./applied.ts";

/**
 * The known migrations that have not run, in order. Migrations that this version does not know are a newer version's and left
 * alone: two versions share a database while one replaces the other. Throws `migration_failed` when a file was edited after it
 * had run, or when one that has not run comes before one that has.
 */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] {
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const lastKnown = known.findLast(({ name }) => checksums.has(name));
  return known.filter(({ name, checksum }) => {
    const found = checksums.get(name);
    if (found !== undefined && found !== checksum) {
      throw new SlipwayError("migration_failed", `The migration ${name} was edited after it had run.`, {
        hint: "Put the file back as it was and write the change as a new migration.",
      });
    }
    if (found === undefined && lastKnown && name < lastKnown.name) {
      throw new SlipwayError(
        "migration_failed",
        `The migration ${name} has not run, but the later ${lastKnown.name} has.`,
        {
          hint: "Give the file the next free number.",
        },
      );
    }
    return found === undefined;
  });
}
