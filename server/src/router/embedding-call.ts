import { SlipwayError, toSlipwayError } from "@slipway/contracts/errors.ts";
import type { EmbeddingAnswer, EmbeddingInput, EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import { addUsage, NO_USAGE, type Usage } from "@slipway/contracts/model/usage.ts";
import { type Asked, askTargets, sameModel } from "./attempts/asked-call.ts";
import type { AttemptServices } from "./attempts/routed-call.ts";
import { type Books, bookFailure, bookUsage, type CallOrigin, type EndedCall } from "./booking.ts";
import { roughTokens } from "./disconnect/token-counter.ts";
import { withOwnKey } from "./metered-call.ts";
import type { Target } from "./resolve.ts";
import type { Route } from "./routes/route.ts";

/** Vectors with what they used, which is estimated where the provider gives no figures. */
export interface EmbeddedAnswer extends EmbeddingAnswer {
  readonly usage: Usage;
}

/** A failed call of an embedding model, with what it used until then. */
export class EmbeddingFailure extends Error {
  readonly error: SlipwayError;
  readonly usage: Usage;

  constructor(error: SlipwayError, usage: Usage) {
    super(error.message, { cause: error });
    this.error = error;
    this.usage = usage;
  }
}

function tokensOf(input: EmbeddingInput): number {
  if (input.kind === "tokens") return input.tokens.length;
  return roughTokens(input.kind === "text" ? input.text : JSON.stringify(input.value));
}

function estimate(request: EmbeddingRequest): Usage {
  return { ...NO_USAGE, input: request.input.reduce((sum, input) => sum + tokensOf(input), 0) };
}

function noEmbeddings(target: Target): SlipwayError {
  return new SlipwayError("model_not_found", `The provider ${target.provider.name} has no embedding models.`, {
    param: "model",
    hint: "Choose a model of OpenAI's, Google's, or an OpenAI-compatible server's, such as text-embedding-3-small.",
  });
}

/** What is asked of a route, and for whom. */
export interface RoutedEmbedding {
  readonly route: Route;
  readonly request: EmbeddingRequest;
  readonly origin: CallOrigin;
  readonly signal: AbortSignal;
}

/** Vectors, who made them, and what all attempts together have used. */
export interface RoutedAnswer extends Asked<EmbeddedAnswer> {
  readonly used: Usage;
}

/** Asks the targets of a route's first model for vectors until one answers; a failure tells what all attempts together have used. */
export async function embedByRoute(
  services: AttemptServices,
  { route, request, origin, signal }: RoutedEmbedding,
): Promise<RoutedAnswer> {
  let used = NO_USAGE;
  try {
    const { target, answer } = await askTargets(services, {
      route: sameModel(route),
      origin,
      signal,
      async ask(asked) {
        try {
          const target = withOwnKey(services.meter, asked, origin.tenantId);
          return await callEmbedding(services.meter, target, request, origin, signal);
        } catch (thrown) {
          if (thrown instanceof EmbeddingFailure) used = addUsage(used, thrown.usage);
          throw thrown;
        }
      },
      affordable: () => origin.charge?.further() ?? true,
      telling: true,
      errorOf: (thrown) => (thrown instanceof EmbeddingFailure ? thrown.error : toSlipwayError(thrown)),
    });
    return { target, answer, used: addUsage(used, answer.usage) };
  } catch (thrown) {
    const error = thrown instanceof EmbeddingFailure ? thrown.error : toSlipwayError(thrown);
    throw new EmbeddingFailure(error, used);
  }
}

/** Asks one provider for vectors and books the call, however it ends. Rejects with an {@link EmbeddingFailure}. */
export async function callEmbedding(
  books: Books,
  target: Target,
  request: EmbeddingRequest,
  origin: CallOrigin,
  signal: AbortSignal,
): Promise<EmbeddedAnswer> {
  const { provider, model } = target;
  if (!provider.embed) throw new EmbeddingFailure(noEmbeddings(target), NO_USAGE);
  origin.charge?.begin();
  let said: Usage | undefined;
  const onUsage = (usage: Usage): void => void (said = said ? addUsage(said, usage) : usage);
  const ended = (outcome: EndedCall["outcome"], answered?: string): EndedCall => {
    books.metrics.modelCalls.inc({ provider: provider.name, outcome });
    return { target, origin, answered, outcome, at: new Date() };
  };
  try {
    const answer = await provider.embed({ ...request, model }, origin, { signal, onUsage });
    const usage = said ?? estimate(request);
    bookUsage(books, ended("ok", answer.model), usage, said ? "provider" : "estimated");
    return { ...answer, usage };
  } catch (thrown) {
    const error = toSlipwayError(thrown);
    const left = error.code === "client_closed_request";
    const call = ended(left ? "aborted" : "error");
    // The vendor works on and bills what nobody waits for any more; a failure that it answers with it does not bill.
    const usage = said ?? (left ? estimate(request) : undefined);
    if (usage) bookUsage(books, call, usage, said ? "provider" : "estimated");
    else bookFailure(books, call, error.code);
    throw new EmbeddingFailure(error, usage ?? NO_USAGE);
  }
}
