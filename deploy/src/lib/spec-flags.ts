/** Flags of every command that reads a spec. */
export const specFlag = {
  kind: "parsed",
  parse: String,
  default: "slipway.yaml",
  placeholder: "FILE",
  brief: "The spec",
} as const;

export const environmentFlag = {
  kind: "parsed",
  parse: String,
  placeholder: "NAME",
  brief: "The environment, as the spec calls it",
} as const;

export const digestFlag = {
  kind: "parsed",
  parse: parseDigest,
  optional: true,
  placeholder: "DIGEST",
  brief: "The server image's digest, sha256:…; replaces the spec's",
} as const;

export const targetFlag = {
  kind: "parsed",
  parse: String,
  optional: true,
  placeholder: "TARGET",
  brief: "Another platform than the environment's",
} as const;

/** Whether what is rendered is checked. */
const checkFlag = {
  kind: "boolean",
  default: true,
  brief: "Check the files with the rules of check-manifests; errors keep them from being written",
} as const;

/** What the commands take that write the files of an environment. */
export const renderFlags = {
  spec: specFlag,
  env: environmentFlag,
  target: targetFlag,
  digest: digestFlag,
  out: { kind: "parsed", parse: parseFolder, placeholder: "DIR", brief: "The folder that the files go to" },
  check: checkFlag,
} as const;

/** A folder from a command line: a variable that is not set is not this one, where files of the same names may lie. */
function parseFolder(text: string): string {
  if (text === "") throw new Error("it is empty; . is this folder");
  return text;
}

/** An image's digest from a command line. */
function parseDigest(text: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(text))
    throw new Error(`"${text}" is not a digest (sha256: and 64 hexadecimal digits)`);
  return text;
}
