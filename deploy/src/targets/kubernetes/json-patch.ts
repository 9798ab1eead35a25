import { isDeepStrictEqual } from "node:util";

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  readonly value?: unknown;
}

type Values = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The operations that make `to` of `from`. Maps are walked; a list or a value that differs is replaced whole. */
export function differences(from: unknown, to: unknown, path = ""): readonly PatchOperation[] {
  if (isDeepStrictEqual(from, to)) return [];
  if (!isMap(from) || !isMap(to)) return [{ op: "replace", path, value: to }];
  const gone = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
  return [
    ...gone.map((key): PatchOperation => ({ op: "remove", path: `${path}/${escaped(key)}` })),
    ...Object.entries(to).flatMap(([key, value]): readonly PatchOperation[] =>
      Object.hasOwn(from, key)
        ? differences(from[key], value, `${path}/${escaped(key)}`)
        : [{ op: "add", path: `${path}/${escaped(key)}`, value }],
    ),
  ];
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
