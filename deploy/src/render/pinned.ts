import { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Spec } from "#spec/spec.ts";

/** Images run by digest: a tag can lead elsewhere tomorrow. Those that the file does not name are passed over. Throws `spec_incomplete`. */
export function assertPinned({ images }: Spec, used: readonly (keyof Spec["images"])[]): void {
  for (const name of used) {
    const image = images[name];
    if (image === undefined || image.includes("@sha256:")) continue;
    throw new SlipwayError("spec_incomplete", `The image \`${name}\` has no digest: ${image}.`, {
      hint:
        name === "app"
          ? "Pass --digest sha256:…, or write it into `images.app`."
          : `Write it into \`images.${name}\`: name@sha256:….`,
    });
  }
}
