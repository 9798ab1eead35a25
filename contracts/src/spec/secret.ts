import { z } from "zod";
import { parseReference, type SecretReference } from "./secret-reference.ts";

/** Kinds of places that a spec may name. What stands in a variable of the process says nothing of where it comes from. */
export type PlaceKind = Exclude<SecretReference["kind"], "env">;

/** Where a secret lies. */
export interface SecretPlace {
  readonly kind: PlaceKind;
  readonly name: string;
  readonly project?: string;
  readonly region?: string;
  readonly vault?: string;
  readonly mount?: string;
  readonly version?: string;
  /** The field of a secret that is a JSON object. */
  readonly field?: string;
}

// What is rendered stands in YAML, in shells and in the vendors' templates: nothing in it may mean something there.
const PLAIN = /^[\w.:/#@+=!-]+$/;
const GOOGLE = /^projects\/(?<project>[^/]+)\/secrets\/(?<name>[^/]+)\/versions\/(?<version>latest|\d+)$/;

/** A reference that the server reads, as what is rendered needs it; undefined for those that are rendered nowhere. */
function placeOf(reference: SecretReference): SecretPlace | undefined {
  switch (reference.kind) {
    case "env":
      return undefined;
    case "file":
      return { kind: "file", name: reference.path };
    case "gcp-sm": {
      const { project, name, version } = GOOGLE.exec(reference.resource)?.groups ?? {};
      if (project === undefined || name === undefined || version === undefined) return undefined;
      return { kind: "gcp-sm", project, name, version, ...fieldOf(reference) };
    }
    case "aws-sm":
      // The region of an ARN is known too, but its name is not what the operators of clusters call the secret.
      if (reference.region === undefined || reference.id.startsWith("arn:")) return undefined;
      return { kind: "aws-sm", region: reference.region, name: reference.id, ...fieldOf(reference) };
    case "azure-kv": {
      const { vault, name, version } = reference;
      const place = { kind: "azure-kv", vault: vault.replace(/\.vault\.azure\.net$/, ""), name } as const;
      return { ...place, ...(version === "" ? {} : { version }), ...fieldOf(reference) };
    }
    case "vault":
      return { kind: "vault", mount: reference.mount, name: reference.path, ...fieldOf(reference) };
  }
}

function fieldOf({ field }: { readonly field: string | undefined }): { readonly field?: string } {
  return field === undefined ? {} : { field };
}

/** A reference to a secret, taken apart; undefined when the text is none, or one that cannot be rendered. */
export function secretPlace(text: string): SecretPlace | undefined {
  if (!PLAIN.test(text)) return undefined;
  try {
    return placeOf(parseReference(text));
  } catch {
    return undefined;
  }
}

/** A reference to a secret: never the secret itself. The forms are those that the server reads. */
export const secretReferenceSchema = z
  .string()
  .max(500)
  .refine((text) => secretPlace(text) !== undefined, {
    error:
      "must say where the secret lies, never what it is: gcp-sm://projects/P/secrets/S/versions/latest, aws-sm://eu-central-1/name#field, azure-kv://vault/name, vault://mount/path#field or file:/run/secrets/name",
  });

/**
 * Whether Cloud Run gives a secret of Secret Manager to a container of this project: whole, and of another project by its number only
 * (https://cloud.google.com/run/docs/configuring/services/secrets).
 */
export function isMounted({ project, field }: SecretPlace, own: string | undefined): boolean {
  return field === undefined && (project === undefined || project === own || /^\d+$/.test(project));
}
