import { z } from "zod";
import { isStorable, UNSTORABLE } from "../storable.ts";

/** Whose calls a limit counts together. Always within one tenant: two tenants never share a count. */
export const LIMIT_DIMENSIONS = ["key", "user", "agent", "tenant", "route"] as const;
export type LimitDimension = (typeof LIMIT_DIMENSIONS)[number];

/** The name of a limit, by which refusals and headers tell which one it was. */
export const limitNameSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, {
  error: "must be 1 to 64 small letters, digits or . _ - and begin with a letter or digit",
});

const valueSchema = z.string().min(1).max(200).refine(isStorable, UNSTORABLE);
// A sum of up to a million dollars is an exact number in billionths.
const dollarsSchema = z.number().positive().max(1e6);

const budgetSchema = z
  .strictObject({
    /** US dollars a day, from midnight to midnight UTC. */
    day: dollarsSchema.optional(),
    /** US dollars a calendar month in UTC. */
    month: dollarsSchema.optional(),
    /** A call whose price nobody knows is refused, or counts as so many dollars. */
    unknownPrice: z
      .union([z.literal("refuse"), z.strictObject({ count: z.number().positive().max(1000) })])
      .default("refuse"),
    /** Shares of the budget at which the log and a metric tell of it, once a window. */
    alerts: z.array(z.number().min(0.01).max(1)).max(10).default([0.8, 1]),
    /** A call that names no bound of its answer is sent with this one, because its worst price must be known before. */
    maxOutputTokens: z.int().min(1).max(1_000_000).default(4096),
    /** Share of the budget that all replicas together set aside to go on with while Redis is away; 0: then nothing goes on. */
    outageShare: z.number().min(0).max(0.5).default(0.02),
  })
  .refine(({ day, month }) => day !== undefined || month !== undefined, { error: "must have a day or a month" });

/** The fields of a limit but for its name. */
const fields = {
  per: z.enum(LIMIT_DIMENSIONS).default("tenant"),
  /** Only calls of these; absent: of all. */
  match: z
    .strictObject({
      key: valueSchema.optional(),
      user: valueSchema.optional(),
      agent: valueSchema.optional(),
      tenant: valueSchema.optional(),
      route: valueSchema.optional(),
    })
    .default({}),
  requestsPerMinute: z.int().min(1).max(10_000_000).optional(),
  /** Tokens of prompts and answers together. */
  tokensPerMinute: z.int().min(1).max(1_000_000_000).optional(),
  /** Requests at once. */
  concurrency: z.int().min(1).max(1_000_000).optional(),
  budget: budgetSchema.optional(),
};

function limitsSomething(limit: {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly budget?: object | undefined;
}): boolean {
  const { requestsPerMinute, tokensPerMinute, concurrency, budget } = limit;
  return [requestsPerMinute, tokensPerMinute, concurrency, budget].some((bound) => bound !== undefined);
}

const NOTHING = { error: "must limit something: requestsPerMinute, tokensPerMinute, concurrency or budget" };

/** What may be used in a time, by whom. The same shape in `slipway.yaml` and in the API. */
export const limitSpecSchema = z.strictObject({ name: limitNameSchema, ...fields }).refine(limitsSomething, NOTHING);
/** A limit with everything that has a default filled in. */
export type LimitSpec = z.output<typeof limitSpecSchema>;

/** Body of `PUT /api/v1/limits/{name}`: the limit without its name, which is in the path. */
export const putLimitSchema = z.strictObject(fields).refine(limitsSomething, NOTHING);
