import type { Keeper } from "../keep.ts";
import type { Requirement } from "../test-files.ts";

/** What a service needs to set itself up. */
export interface Setup {
  /** The checkout. */
  readonly root: string;
  readonly keeper: Keeper;
  /** Says a line about a step that takes long. */
  readonly say: (line: string) => void;
}

/** What became of a service. */
export type SetUp =
  | {
      readonly ok: true;
      /** The variables that tests read it from. */
      readonly environment: Readonly<Record<string, string>>;
      /** What is used, for the person who reads. */
      readonly what: string;
    }
  | {
      readonly ok: false;
      /** Why not, as a sentence. */
      readonly why: string;
      /** What to type to have it. */
      readonly remedy: string;
    };

/** Something outside of this checkout that tests talk to. */
export interface Service {
  /** As in `requirePostgres` of test/support/require.ts. */
  readonly requirement: Requirement;
  readonly title: string;
  /** Finds, installs or starts it. Never rejects for what a person can remedy. */
  setUp(setup: Setup): Promise<SetUp>;
}
