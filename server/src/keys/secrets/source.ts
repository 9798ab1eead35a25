import type { EgressClient } from "#egress/egress.ts";

/** What the sources of secrets are made of. */
export interface SourceContext {
  /** Of the purpose `secrets`. */
  readonly client: EgressClient;
  /** The process' environment: where each vendor's own variables say who the machine is. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Reads a small local file. */
  readonly readFile: (path: string) => Promise<string>;
}

/** Metadata services of clouds: the only non-public hosts that are reached by their address. */
export const METADATA_HOSTS = [
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "[fd00:ec2::254]",
  "[fd00:ec2::23]",
];
