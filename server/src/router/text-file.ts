import type { FilePart } from "@slipway/contracts/model/request.ts";

type Source = FilePart["source"];

const TEXT_TYPE = /^text\//i;

/** Whether the file's data are text, of which a model reads every byte. */
export function isTextData(source: Source): source is Source & { readonly kind: "base64" } {
  return source.kind === "base64" && TEXT_TYPE.test(source.mediaType);
}
