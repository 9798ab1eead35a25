import type { FilePart, ImagePart, MediaSource } from "@slipway/contracts/model/request.ts";
import { unsupported } from "../wire/unsupported.ts";

type Wire = Record<string, unknown>;

/** Media types by the ending of a name (https://ai.google.dev/gemini-api/docs/file-input-methods). */
const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  heic: "image/heic",
  heif: "image/heif",
  pdf: "application/pdf",
  txt: "text/plain",
  md: "text/md",
  html: "text/html",
  csv: "text/csv",
  xml: "text/xml",
  json: "application/json",
  mp3: "audio/mp3",
  wav: "audio/wav",
  aiff: "audio/aiff",
  aac: "audio/aac",
  ogg: "audio/ogg",
  flac: "audio/flac",
  mp4: "video/mp4",
  mpeg: "video/mpeg",
  mov: "video/mov",
  avi: "video/avi",
  webm: "video/webm",
};

const RESOLUTIONS: Readonly<Record<string, string>> = { low: "MEDIA_RESOLUTION_LOW", high: "MEDIA_RESOLUTION_HIGH" };

function typeOfName(name: string | undefined): string | undefined {
  const ending = /\.([a-z0-9]+)(?:[?#]|$)/i.exec(name ?? "")?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined;
}

function fileData(fileUri: string, mimeType: string | undefined): Wire {
  return { fileData: mimeType === undefined ? { fileUri } : { fileUri, mimeType } };
}

/** Data as `inlineData`; an address or an uploaded file as `fileData`. `typed`: Google must be told the type. */
function encodeSource(source: MediaSource, filename: string | undefined, path: string, typed: boolean): Wire {
  switch (source.kind) {
    case "base64":
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case "id":
      if (source.family !== "google")
        throw unsupported(
          "google",
          `${path}.source`,
          "The file lies with another vendor: send it as data or as a URL.",
        );
      return fileData(source.id, source.mediaType);
    case "url": {
      const type = source.mediaType ?? typeOfName(source.url) ?? typeOfName(filename);
      if (type === undefined && typed) {
        throw unsupported(
          "google",
          `${path}.source.url`,
          "Google wants the type of an image, which this URL does not tell: send the image as data.",
        );
      }
      return fileData(source.url, type);
    }
  }
}

/** An image as a part of Gemini's. */
export function encodeImage(part: ImagePart, path: string): Wire {
  const { source, detail } = part;
  const wire = encodeSource(source, undefined, path, true);
  if (detail === undefined || detail === "auto") return wire;
  const level = Object.hasOwn(RESOLUTIONS, detail) ? RESOLUTIONS[detail] : undefined;
  if (level === undefined) throw unsupported("google", `${path}.detail`, "Google knows low, high and auto.");
  return { ...wire, mediaResolution: { level } };
}

/**
 * A document, sound or film as a part of Gemini's. The name of the file is left out: Google has no place for it. A video at
 * YouTube goes without a type, as Google documents it.
 */
export function encodeFile(part: FilePart, path: string): Wire {
  const { source } = part;
  if (part.citable === true)
    throw unsupported("google", `${path}.citable`, "Google does not cite documents of the request.");
  if (part.title !== undefined)
    throw unsupported("google", `${path}.title`, "Google shows a model no titles of documents.");
  if (source.kind === "text")
    return { inlineData: { mimeType: "text/plain", data: Buffer.from(source.text, "utf8").toString("base64") } };
  return encodeSource(source, part.filename, path, false);
}
