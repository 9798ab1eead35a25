import { SlipwayError } from "@slipway/contracts/errors.ts";

/** Which wait was too long. */
export type EgressWait = "queue" | "lookup" | "connect" | "answer" | "silence" | "total";

const WAITS: Readonly<Record<EgressWait, string>> = {
  queue: "had no room for another request in time",
  lookup: "was not found in the name service in time",
  connect: "did not take a connection in time",
  answer: "did not answer in time",
  silence: "fell silent within its answer",
  total: "did not finish in time",
};

/**
 * `egress_refused`: the request was not sent, or a redirect of it not followed. The sentence names no address that a name led to,
 * because it may be a stranger who reads it; `address` is kept as the cause, for the log.
 */
export function refused(what: string, address?: string): SlipwayError {
  return new SlipwayError("egress_refused", `The outgoing request was refused: ${what}.`, {
    hint: "Whoever runs this server can allow a host or a network with EGRESS_ALLOW.",
    ...(address === undefined ? {} : { cause: new Error(`it leads to ${address}`) }),
  });
}

/** `egress_timeout` for a wait that was too long. */
export function late(host: string, wait: EgressWait): SlipwayError {
  return new SlipwayError("egress_timeout", `The host ${host} ${WAITS[wait]}.`, {
    hint: "Try again; if it stays so, look at the host and the network.",
  });
}

/** `egress_too_large`. */
export function tooLarge(host: string, bytes: number): SlipwayError {
  return new SlipwayError("egress_too_large", `The host ${host} sent more than ${bytes} bytes.`, {
    hint: "Ask it for less.",
  });
}

/** `egress_busy`: too many outgoing requests of this purpose wait already. */
export function busy(purpose: string): SlipwayError {
  return new SlipwayError("egress_busy", `Too many outgoing requests (${purpose}) wait.`, {
    hint: "Try again in a moment.",
    retryAfter: 1,
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if ("code" in error && typeof error.code === "string") return error.code;
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first === undefined ? error.name : codeOf(first);
}

/** Whatever broke an exchange as `egress_failed`. The system's code is told, its message is not: it may hold addresses. */
export function failed(host: string, error: unknown): SlipwayError {
  return new SlipwayError("egress_failed", `The request to the host ${host} failed (${codeOf(error)}).`, {
    hint: "Look at the host and the network.",
    cause: error,
  });
}

/** `client_closed_request`: whoever asked does not wait any more. */
export function stopped(): SlipwayError {
  return new SlipwayError("client_closed_request", "The outgoing request was stopped by whoever asked for it.");
}
