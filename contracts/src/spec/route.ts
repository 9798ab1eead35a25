import { z } from "zod";
import { durationSchema } from "./duration.ts";

/** How a route chooses among its targets. */
const STRATEGIES = ["priority", "weighted", "price", "latency", "affinity"] as const;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/;

/** The name of a route: what clients send as `model` when the route says no other names. */
export const routeNameSchema = z.string().regex(NAME, {
  error: "must be 1 to 100 letters, digits or . _ : - and begin with a letter or digit",
});

// Printable ASCII: every vendor's names are, and what is stored as JSON may not hold all that a JavaScript text may.
const modelPatternSchema = z
  .string()
  .max(200)
  .regex(/^[\x21-\x7e]+$/, { error: "must be letters, digits and signs of ASCII, without blanks" })
  .refine((pattern) => pattern.split("*").length <= 2, { error: "may hold one * at most" })
  .refine((pattern) => !pattern.startsWith("agent/"), { error: "must not begin with agent/: those names are agents" });

const targetNameSchema = z
  .string()
  .max(200)
  .regex(/^[a-z][a-z0-9-]*\/[\x21-\x7e]+$/, {
    error: "must be <provider>/<model>; a * in it is what the * of the client's model name stands for",
  });

const priceSchema = z.strictObject({
  input: z.number().min(0).max(1e6),
  /** Absent: a tenth of `input`. */
  cachedInput: z.number().min(0).max(1e6).optional(),
  output: z.number().min(0).max(1e6),
});

const targetSchema = z.strictObject({
  target: targetNameSchema,
  /** Its share among targets that are otherwise alike. */
  weight: z.number().positive().max(1000).default(1),
  /** The lowest is asked first; absent: the order of the list. Only `strategy: priority` looks at it. */
  priority: z.int().min(0).max(1000).optional(),
  /** Dollars for a million tokens, to choose by; absent: the price table's. What is booked follows the price table alone. */
  price: priceSchema.optional(),
});

/** Where requests for a model name go. The same shape in `slipway.yaml` and in the API. */
export const routeSpecSchema = z.strictObject({
  name: routeNameSchema,
  /** The model names that lead here, each with one `*` at most; absent: the route's name. */
  models: z.array(modelPatternSchema).min(1).max(64).optional(),
  strategy: z.enum(STRATEGIES).default("priority"),
  targets: z.array(targetSchema).min(1).max(16),
  /** `<provider>/<model>` each, asked in this order when no target of the route answers. */
  fallback: z.array(targetNameSchema).max(8).default([]),
  timeouts: z
    .strictObject({
      /** Until a streamed answer says its first word. */
      firstToken: durationSchema.optional(),
      /** Until an answer that is not streamed is there. */
      answer: durationSchema.optional(),
      /** Between two pieces of an answer that has begun. */
      idle: durationSchema.optional(),
      /** For all attempts and pauses together; the server's own limit holds besides. */
      total: durationSchema.optional(),
    })
    .optional(),
  retry: z
    .strictObject({
      /** Further attempts after each target was tried once. */
      retries: z.int().min(0).max(5).optional(),
      /** The longest pause that a target's `Retry-After` may cause. */
      maxWait: durationSchema.optional(),
    })
    .optional(),
  /** A second attempt at another target when the first one says nothing for so long; streamed answers only. Off when absent. */
  hedge: z.strictObject({ after: durationSchema }).optional(),
  /** Answers are kept for so long and given to equal requests of the same tenant; absent: where a request itself asks for it. */
  cache: z
    .strictObject({
      ttl: durationSchema,
      /** A question of nearly the same meaning is given the answer too; absent: equal requests only. */
      semantic: z
        .strictObject({
          /** The least similarity, as a cosine; absent: the server's `SEMANTIC_CACHE_THRESHOLD`. */
          threshold: z.number().positive().max(1).optional(),
        })
        .optional(),
    })
    .optional(),
  affinity: z
    .strictObject({
      /** How long a target is taken to keep a prompt in its cache; absent: 5m. */
      ttl: durationSchema,
    })
    .optional(),
});
/** A route with everything that has a default filled in. */
export type RouteSpec = z.output<typeof routeSpecSchema>;
