/** A token cannot be accepted, with the reason for a log and for whoever sent it: it says nothing that a stranger must not know. */
export class TokenRefused extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TokenRefused";
    this.reason = reason;
  }
}

/** Why, as a word for metrics and tests. */
export type RefusalReason =
  | "malformed"
  | "algorithm"
  | "critical"
  | "key"
  | "signature"
  | "issuer"
  | "audience"
  | "expired"
  | "not_yet_valid"
  | "claims"
  | "tenant";
