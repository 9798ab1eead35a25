import type { SlipwayError } from "@slipway/contracts/errors.ts";
import type { Problem } from "@slipway/contracts/api/problem.ts";
import type { ErrorShape } from "#router/dialects/dialect.ts";
import { anthropicErrors } from "#router/dialects/anthropic-messages/errors.ts";
import { geminiErrors } from "#router/dialects/gemini/errors.ts";
import { methodOf } from "#router/dialects/gemini/path.ts";
import { openaiErrors } from "#router/dialects/openai-errors.ts";

function problem(error: SlipwayError, requestId: string): Problem {
  return {
    type: `urn:slipway:error:${error.code}`,
    title: error.code.replaceAll("_", " "),
    status: error.status,
    detail: error.message,
    code: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.param === undefined ? {} : { param: error.param }),
    requestId,
  };
}

/** RFC 9457, on every path that is not a vendor's. */
const PROBLEM: ErrorShape = { contentType: "application/problem+json", encode: problem };

/** Whose clients speak on which paths; the first that fits holds. */
const SHAPES: readonly (readonly [prefix: string, shape: ErrorShape])[] = [
  ["/v1/messages", anthropicErrors],
  ["/v1beta/", geminiErrors],
  ["/v1/", openaiErrors],
];

/** How the clients of this path know errors, whether or not anything is served there. */
export function errorShapeOf(path: string): ErrorShape {
  // Google's methods stand after a colon, and are served below /v1 as well, which is otherwise others'.
  if (path.includes(":") && methodOf(path) !== undefined) return geminiErrors;
  for (const [prefix, shape] of SHAPES) if (path.startsWith(prefix)) return shape;
  return PROBLEM;
}
