import { format } from "./format.ts";
import type { Guard } from "./guard.ts";
import { imports } from "./imports.ts";
import { lint } from "./lint.ts";
import { sizes } from "./sizes.ts";
import { types } from "./types.ts";
import { unused } from "./unused.ts";
import { words } from "./words.ts";

/** Every guard of the house, the slowest first, so that two at a time end together. */
export const GUARDS: readonly Guard[] = [unused, imports, lint, types, sizes, words, format];
