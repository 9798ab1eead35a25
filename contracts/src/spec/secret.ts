import { z } from "zod";

const FORMS = {
  "gcp-sm":
    /^gcp-sm:\/\/projects\/(?<project>[a-z0-9.:-]+)\/secrets\/(?<name>[A-Za-z0-9_-]+)\/versions\/(?<version>latest|\d+)(?:#(?<field>[\w.-]+))?$/,
  "aws-sm": /^aws-sm:\/\/(?<region>[a-z]{2}(?:-[a-z]+)+-\d+)\/(?<name>[A-Za-z0-9/_+=.@!-]+)(?:#(?<field>[\w.-]+))?$/,
  "azure-kv":
    /^azure-kv:\/\/(?<vault>[A-Za-z0-9-]+)(?:\.vault\.azure\.net)?\/(?<name>[A-Za-z0-9-]+)(?:\/(?<version>[A-Za-z0-9]+))?(?:#(?<field>[\w.-]+))?$/,
  vault: /^vault:\/\/(?<mount>[A-Za-z0-9_.-]+)\/(?<name>[A-Za-z0-9_./-]+)#(?<field>[\w.-]+)$/,
  file: /^file:(?<name>\/[\w./-]+)$/,
} as const;

export type SecretKind = keyof typeof FORMS;

/** Where a secret lies. */
export interface SecretPlace {
  readonly kind: SecretKind;
  readonly name: string;
  readonly project?: string;
  readonly region?: string;
  readonly vault?: string;
  readonly mount?: string;
  readonly version?: string;
  /** The field of a secret that is a JSON object. */
  readonly field?: string;
}

/** A reference to a secret, taken apart; undefined when the text is none. */
export function secretPlace(text: string): SecretPlace | undefined {
  for (const kind of Object.keys(FORMS) as SecretKind[]) {
    const groups = FORMS[kind].exec(text)?.groups;
    if (groups === undefined) continue;
    const parts = Object.fromEntries(Object.entries(groups).filter(([, value]) => value !== undefined));
    return { kind, name: "", ...parts };
  }
  return undefined;
}

/** A reference to a secret: never the secret itself. The schemes are those that the server reads. */
export const secretReferenceSchema = z
  .string()
  .max(500)
  .refine((text) => secretPlace(text) !== undefined, {
    error:
      "must say where the secret lies, never what it is: gcp-sm://projects/P/secrets/S/versions/latest, aws-sm://eu-central-1/name#field, azure-kv://vault/name, vault://mount/path#field or file:/run/secrets/name",
  });
