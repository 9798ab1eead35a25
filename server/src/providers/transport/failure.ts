import { SlipwayError } from "@slipway/contracts/errors.ts";
import { WaitError } from "./http1/connection.ts";
import type { ProviderTimeouts } from "./settings.ts";

const UNREACHABLE = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** The code of an error, the system's or our own; that of the first one where several addresses were tried. */
function codeOf(error: Error): string {
  if ("code" in error && typeof error.code === "string") return error.code;
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first instanceof Error ? codeOf(first) : error.name;
}

function seconds(ms: number): string {
  return ms >= 1000 ? `${Math.round(ms / 1000)} s` : `${ms} ms`;
}

function timeout(provider: string, what: string, cause: Error): SlipwayError {
  return new SlipwayError("provider_timeout", `The provider ${provider} ${what}.`, {
    hint: "Try again, or choose a model of another provider.",
    cause,
  });
}

function waitFailure(provider: string, error: WaitError, streamed: boolean, timeouts: ProviderTimeouts): SlipwayError {
  switch (error.wait) {
    case "queue":
      return new SlipwayError("overloaded", `Too many calls of the provider ${provider} wait for a connection.`, {
        hint: "Try again in a moment.",
        retryAfter: 1,
        cause: error,
      });
    case "connect":
      return timeout(provider, `did not take a connection within ${seconds(timeouts.connectMs)}`, error);
    case "head":
      return timeout(
        provider,
        `did not answer within ${seconds(streamed ? timeouts.firstByteMs : timeouts.wholeAnswerMs)}`,
        error,
      );
    case "idle":
      return timeout(provider, `fell silent for ${seconds(timeouts.idleMs)} within its answer`, error);
    case "deadline":
      return deadlineError(provider);
  }
}

/** The failure of a connection as one of our errors. `begun`: the head of the answer was there. */
export function connectionError(
  provider: string,
  error: Error,
  state: { readonly begun: boolean; readonly streamed: boolean },
  timeouts: ProviderTimeouts,
): SlipwayError {
  if (error instanceof WaitError) return waitFailure(provider, error, state.streamed, timeouts);
  const code = codeOf(error);
  const hint = "Try again, or choose a model of another provider.";
  if (state.begun) {
    return new SlipwayError(
      "provider_stream_broken",
      `The provider ${provider} broke off within its answer (${code}).`,
      { hint, cause: error },
    );
  }
  if (UNREACHABLE.has(code)) {
    return new SlipwayError("provider_error", `The provider ${provider} cannot be reached (${code}).`, {
      hint: "Whoever runs this server should check the provider's base URL and the network.",
      cause: error,
    });
  }
  return new SlipwayError("provider_error", `The connection to the provider ${provider} failed (${code}).`, {
    hint,
    cause: error,
  });
}

/** The call's own time is up. */
export function deadlineError(provider: string): SlipwayError {
  return new SlipwayError(
    "provider_timeout",
    `The provider ${provider} did not finish within the time that this request has.`,
    {
      hint: "Ask for a shorter answer, or stream it.",
    },
  );
}

/** The provider sent more than one answer may hold: the bound is ours, and the provider works. */
export function tooLongError(provider: string, bytes: number): SlipwayError {
  return new SlipwayError(
    "provider_answer_unusable",
    `The provider ${provider} sent an answer longer than ${bytes} bytes.`,
    { hint: "Ask for less at once, or stream the answer." },
  );
}
