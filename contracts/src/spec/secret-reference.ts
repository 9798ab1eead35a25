/** Where a secret lies. The reference itself is no secret. */
export type SecretReference =
  | { readonly kind: "env"; readonly text: string; readonly name: string }
  | { readonly kind: "file"; readonly text: string; readonly path: string }
  | { readonly kind: "gcp-sm"; readonly text: string; readonly resource: string; readonly field: string | undefined }
  | {
      readonly kind: "aws-sm";
      readonly text: string;
      readonly region: string | undefined;
      readonly id: string;
      readonly field: string | undefined;
    }
  | {
      readonly kind: "azure-kv";
      readonly text: string;
      readonly vault: string;
      readonly name: string;
      readonly version: string;
      readonly field: string | undefined;
    }
  | {
      readonly kind: "vault";
      readonly text: string;
      readonly mount: string;
      readonly path: string;
      readonly field: string;
    };

export type SecretKind = SecretReference["kind"];

const FORMS = {
  env: /^env:(?<name>[A-Za-z_][A-Za-z0-9_]*)$/,
  file: /^file:(?:\/\/)?(?<path>\/.+)$/,
  "gcp-sm":
    /^gcp-sm:\/\/(?<resource>projects\/[a-z0-9.:-]+(?:\/locations\/[a-z0-9-]+)?\/secrets\/[A-Za-z0-9_-]+\/versions\/(?:latest|[A-Za-z0-9_-]+))(?:#(?<field>.+))?$/,
  "aws-sm":
    /^aws-sm:\/\/(?:(?<region>[a-z]{2}(?:-[a-z]+)+-\d+)\/)?(?<id>(?:arn:[^#]+)|[A-Za-z0-9/_+=.@!-]+)(?:#(?<field>.+))?$/,
  "azure-kv":
    /^azure-kv:\/\/(?<vault>[A-Za-z0-9.-]+)\/(?<name>[A-Za-z0-9-]+)(?:\/(?<version>[A-Za-z0-9]+))?(?:#(?<field>.+))?$/,
  vault: /^vault:\/\/(?<mount>[A-Za-z0-9_.-]+)\/(?<path>[A-Za-z0-9_./ -]+)#(?<field>.+)$/,
} as const satisfies Record<SecretKind, RegExp>;

const EXAMPLES: Readonly<Record<SecretKind, string>> = {
  env: "env:NAME",
  file: "file:/run/secrets/name",
  "gcp-sm": "gcp-sm://projects/P/secrets/S/versions/latest",
  "aws-sm": "aws-sm://eu-central-1/name#field",
  "azure-kv": "azure-kv://vault-name/secret-name",
  vault: "vault://mount/path#field",
};

// A step up would be another secret than the one that was meant, once a URL is made of it.
const dotted = (path: string): boolean => path.split("/").some((step) => step === "." || step === ".." || step === "");

/** The text as a reference. Throws a RangeError that says how it should look. */
export function parseReference(text: string): SecretReference {
  const kind = text.slice(0, text.indexOf(":")) as SecretKind;
  const groups = Object.hasOwn(FORMS, kind) ? FORMS[kind].exec(text)?.groups : undefined;
  const {
    name = "",
    path = "",
    resource = "",
    region,
    id = "",
    vault = "",
    version = "",
    mount = "",
    field,
  } = groups ?? {};
  const wrong = groups === undefined || (kind === "vault" && (dotted(path) || dotted(mount)));
  if (wrong)
    throw new RangeError(`is no reference to a secret that can be read (try: ${EXAMPLES[kind] ?? EXAMPLES.env})`);
  switch (kind) {
    case "env":
      return { kind, text, name };
    case "file":
      return { kind, text, path };
    case "gcp-sm":
      return { kind, text, resource, field };
    case "aws-sm":
      // An ARN names its region: arn:partition:secretsmanager:region:account:secret:name
      return { kind, text, region: id.startsWith("arn:") ? id.split(":")[3] : region, id, field };
    case "azure-kv":
      return { kind, text, vault, name, version, field };
    case "vault":
      return { kind, text, mount, path, field: field ?? "" };
  }
}
