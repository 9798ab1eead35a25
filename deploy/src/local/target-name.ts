import { SlipwayError } from "@slipway/contracts/errors.ts";
import { nearest } from "@slipway/contracts/nearest.ts";
import { type TargetName, TARGETS } from "@slipway/contracts/spec/environment.ts";

/** The target of this name. Throws `usage`. */
export function targetName(text: string): TargetName {
  const known = TARGETS.find((name) => name === text);
  if (known !== undefined) return known;
  const guess = nearest(text, TARGETS);
  throw new SlipwayError(
    "usage",
    `There is no target "${text}"${guess === undefined ? "." : `, did you mean "${guess}"?`}`,
    {
      hint: `There are: ${TARGETS.join(", ")}.`,
    },
  );
}
