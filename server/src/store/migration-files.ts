import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "@slipway/contracts/errors.ts";

/** One numbered SQL file. */
export interface Migration {
  /** The file's name without `.sql`, for example `0001_roles`. */
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the text, 64 hex digits. */
  readonly checksum: string;
}

/** The folder of the migrations that this version knows. */
export const MIGRATIONS_FOLDER = join(import.meta.dirname, "migrations");

const NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** The migrations of a folder in order. Throws `migration_failed` for a file whose name does not fit or whose number is taken. */
export async function migrationFiles(folder = MIGRATIONS_FOLDER): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).toSorted();
  const numbers = new Set<string>();
  for (const file of files) {
    const number = NAME.exec(file)?.[1];
    if (number === undefined) throw wrong(file, "is not named like 0001_what_it_does.sql");
    if (numbers.has(number)) throw wrong(file, "has the number of another migration");
    numbers.add(number);
  }
  return Promise.all(
    files.map(async (file) => {
      // A checkout that turned line ends round must not count as an edit.
      const text = (await readFile(join(folder, file), "utf8")).replaceAll("\r\n", "\n");
      return { name: file.slice(0, -".sql".length), text, checksum: hash("sha256", text) };
    }),
  );
}

function wrong(file: string, what: string): SlipwayError {
  return new SlipwayError("migration_failed", `The migration file ${file} ${what}.`, { hint: "Rename the file." });
}
