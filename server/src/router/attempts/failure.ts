import { type ErrorCode, SlipwayError } from "@slipway/contracts/errors.ts";
import type { AttemptOutcome } from "./target-state.ts";

/** What a failed attempt means for what comes next. */
export interface Verdict {
  /** The same target may be asked again. */
  readonly again: boolean;
  /** Another target may do better. */
  readonly elsewhere: boolean;
  /** What the target's breaker learns: a failure, a wish to be left alone, or nothing. */
  readonly mark: "failure" | "cool_down" | "nothing";
  readonly outcome: AttemptOutcome;
}

// The request is at fault: any target would refuse it.
const FINAL: Verdict = { again: false, elsewhere: false, mark: "nothing", outcome: "rejected" };
const FAILED: Verdict = { again: true, elsewhere: true, mark: "failure", outcome: "error" };

const VERDICTS: Partial<Record<ErrorCode, Verdict>> = {
  provider_error: FAILED,
  provider_stream_broken: FAILED,
  // The target works; what its model wrote is of no use, which one tenant's tools may bring about again and again.
  provider_answer_unusable: { again: true, elsewhere: true, mark: "nothing", outcome: "error" },
  provider_timeout: { again: true, elsewhere: true, mark: "failure", outcome: "timeout" },
  provider_rate_limited: { again: true, elsewhere: true, mark: "cool_down", outcome: "rate_limited" },
  // The key will not be right the second time either; another provider has another key.
  provider_auth: { again: false, elsewhere: true, mark: "failure", outcome: "error" },
  // A tenant's own key: nothing that the target's breaker, which all tenants share, should learn.
  provider_key_rejected: { again: false, elsewhere: true, mark: "nothing", outcome: "rejected" },
  provider_key_rate_limited: { again: false, elsewhere: true, mark: "nothing", outcome: "rate_limited" },
  // This target cannot do what the request asks for; one of another family may.
  model_not_found: { again: false, elsewhere: true, mark: "nothing", outcome: "rejected" },
  unsupported_field: { again: false, elsewhere: true, mark: "nothing", outcome: "rejected" },
};

/** What to make of a failure that came before the first word of an answer. */
export function verdictOf(error: SlipwayError): Verdict {
  return VERDICTS[error.code] ?? FINAL;
}

/** The target said nothing, or no more, for longer than the route allows. */
export function silenceError(provider: string, begun: boolean, ms: number): SlipwayError {
  const time = ms >= 1000 ? `${Math.round(ms / 1000)} s` : `${ms} ms`;
  const what = begun ? `fell silent for ${time} within its answer` : `did not begin to answer within ${time}`;
  return new SlipwayError("provider_timeout", `The provider ${provider} ${what}.`, {
    hint: "Try again, or choose a model of another provider.",
  });
}

/** The request's time is up, whatever was being waited for. */
export function outOfTimeError(): SlipwayError {
  return new SlipwayError("provider_timeout", "No provider finished within the time that this request has.", {
    hint: "Ask for a shorter answer, or stream it.",
  });
}

/** No target could be asked at all. */
export function nobodyError(options: {
  readonly route: string;
  /** Milliseconds until one may be asked again. */
  readonly inMs: number;
  /** True when all that stands in the way is that targets asked to be left alone. */
  readonly cooling: boolean;
  readonly last: SlipwayError | undefined;
}): SlipwayError {
  const { route, inMs, cooling, last } = options;
  const retryAfter = Math.max(1, Math.ceil(inMs / 1000));
  const said = last === undefined ? "" : ` The last failure: ${last.message}`;
  const name = route.length > 100 ? `${route.slice(0, 100)}…` : route;
  return cooling
    ? new SlipwayError("provider_rate_limited", `Every target of \`${name}\` limits requests.${said}`, {
        hint: "Wait and try again, or add a target.",
        retryAfter,
      })
    : new SlipwayError("provider_unavailable", `No target of \`${name}\` can be asked at the moment.${said}`, {
        hint: "Targets that failed again and again are asked again after a pause.",
        retryAfter,
      });
}
