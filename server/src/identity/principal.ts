/** A verified caller. The tenant comes from here and from nowhere else. */
export interface Principal {
  readonly tenantId: string;
  readonly keyId: string;
  readonly keyName: string;
  /** How the caller proved itself: the key with the request, or a console session that the key opened. */
  readonly via: "key" | "session";
}

/** The caller as audit records name it. */
export function actorOf(principal: Principal): string {
  return `${principal.via}:${principal.keyId}`;
}
