import type { AlertsSpec } from "@slipway/contracts/spec/alerts.ts";
import type { DataSpec } from "@slipway/contracts/spec/data.ts";
import type { EnvironmentSpec } from "@slipway/contracts/spec/environment.ts";
import type { ImagesSpec } from "@slipway/contracts/spec/images.ts";
import type { YamlPath } from "@slipway/contracts/spec/read-yaml.ts";
import type { SecretPlace } from "@slipway/contracts/spec/secret.ts";
import type { ServiceSpec } from "@slipway/contracts/spec/service.ts";
import type { SlipwayYaml } from "@slipway/contracts/spec/slipway-yaml.ts";

/** A service with its name, and the secrets that it gets, sorted. */
export interface Service extends Omit<ServiceSpec, "secrets"> {
  readonly name: string;
  readonly secrets: readonly string[];
}

/** A secret by the variable that it becomes. */
export interface Secret {
  readonly variable: string;
  readonly reference: string;
  readonly place: SecretPlace;
  /** Where the file says it. */
  readonly path: YamlPath;
}

/**
 * A system in one environment: everything that differs there is in it, everything that has a default is filled in, and lists
 * that the file has as maps are sorted by name, so that the order of the file's keys changes nothing.
 */
export interface Spec {
  readonly name: string;
  /** The environment's name; undefined for what all have in common. */
  readonly environmentName: string | undefined;
  readonly stage: "development" | "staging" | "production";
  readonly environment: EnvironmentSpec;
  readonly images: ImagesSpec & { readonly app: string };
  readonly services: readonly Service[];
  readonly data: DataSpec;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly Secret[];
  /** Whose tokens are accepted, as the server at its side reads it. */
  readonly identity: SlipwayYaml["identity"];
  /** The sections of the file that the server reads, for the file at its side. */
  readonly server: Readonly<Record<string, unknown>>;
  readonly alerts: AlertsSpec;
}

/** Variables that a step gets and no service. */
export const STEP_SECRETS = /^(MIGRATION|BACKUP)_/;
