/** Bounds of one outgoing request; milliseconds and bytes. */
export interface EgressLimits {
  /** Until the name is looked up. */
  readonly lookupMs: number;
  /** Until a connection stands, TLS included. */
  readonly connectMs: number;
  /** From there until the head of the answer. */
  readonly answerMs: number;
  /** Between two pieces of the answer. */
  readonly silenceMs: number;
  /** All of it: waiting for a place, every redirect, the last byte. */
  readonly totalMs: number;
  /** Of the answer, as sent and after decompression. */
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  /** Redirects that are followed; 0: the answer is handed back as it is. */
  readonly redirects: number;
  /** Requests that run at once. */
  readonly atOnce: number;
  /** Requests that wait for a place. */
  readonly waiting: number;
}

const KB = 1024;
const MB = 1024 * KB;

const COMMON: EgressLimits = {
  lookupMs: 5_000,
  connectMs: 5_000,
  answerMs: 10_000,
  silenceMs: 10_000,
  totalMs: 20_000,
  maxBodyBytes: MB,
  maxHeaderBytes: 16 * KB,
  redirects: 0,
  atOnce: 16,
  waiting: 256,
};

/**
 * What the server makes requests of its own for, and how far each may go. Model calls are no part of it: their addresses come
 * from the operator's settings only, and they have a client of their own (`providers/transport`).
 */
export const EGRESS_PURPOSES = {
  /** OIDC discovery and the exchange of codes for tokens. */
  oidc: { ...COMMON, maxBodyBytes: 256 * KB, totalMs: 10_000 },
  /** Key sets of issuers. */
  jwks: { ...COMMON, maxBodyBytes: 512 * KB, totalMs: 10_000, redirects: 3 },
  /** Webhooks. A redirect is the receiver's misconfiguration, not a place to send events to. */
  webhook: { ...COMMON, maxBodyBytes: 64 * KB, totalMs: 30_000, answerMs: 20_000, atOnce: 32 },
  /** Splunk's HTTP Event Collector. */
  splunk: { ...COMMON, maxBodyBytes: 256 * KB, totalMs: 60_000, answerMs: 30_000 },
  /** Secret managers and the services that give out tokens for them. */
  secrets: { ...COMMON, maxBodyBytes: 256 * KB, totalMs: 10_000, atOnce: 8 },
  /** Tools of agents that call HTTP. */
  tool: {
    ...COMMON,
    maxBodyBytes: 8 * MB,
    totalMs: 120_000,
    answerMs: 60_000,
    silenceMs: 30_000,
    redirects: 5,
    atOnce: 64,
  },
  /** OpenAPI documents that are imported. */
  openapi: { ...COMMON, maxBodyBytes: 8 * MB, totalMs: 60_000, answerMs: 30_000, redirects: 5, atOnce: 4 },
} as const satisfies Readonly<Record<string, EgressLimits>>;

export type EgressPurpose = keyof typeof EGRESS_PURPOSES;
