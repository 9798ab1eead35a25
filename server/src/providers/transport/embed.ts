import type { EmbeddingAnswer, EmbeddingRequest, EmbeddingVector } from "@slipway/contracts/model/embedding.ts";
import { addUsage, type Usage } from "@slipway/contracts/model/usage.ts";
import type { EmbeddingCodec } from "../codec.ts";
import type { CallContext, EmbedControl } from "../provider.ts";
import { deadlineError } from "./failure.ts";
import { requestPage } from "./page.ts";
import { MAX_VECTORS_BYTES, type Upstream } from "./settings.ts";

/** Requests to the upstream that one call has running at once. */
const AT_ONCE = 4;

/** The inputs cut into as many requests as the upstream wants, each with the place where its vectors belong. */
function batchesOf(
  request: EmbeddingRequest,
  most: number,
): { readonly at: number; readonly request: EmbeddingRequest }[] {
  const { input } = request;
  if (input.length <= most) return [{ at: 0, request }];
  const batches = [];
  for (let at = 0; at < input.length; at += most)
    batches.push({ at, request: { ...request, input: input.slice(at, at + most) } });
  return batches;
}

/** Asks for all vectors, in as many requests as the upstream wants them; one that fails stops the others. */
export async function embedInBatches(
  upstream: Upstream,
  codec: EmbeddingCodec,
  request: EmbeddingRequest,
  context: CallContext,
  control: EmbedControl,
): Promise<EmbeddingAnswer> {
  if (context.deadline <= Date.now()) throw deadlineError(upstream.name);
  const batches = batchesOf(request, codec.maxInputs);
  const vectors: EmbeddingVector[] = Array.from({ length: request.input.length });
  const failed = new AbortController();
  const signal = AbortSignal.any([control.signal, failed.signal]);
  let usage: Usage | undefined;
  let model: string | undefined;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let batch = batches[next]; batch !== undefined; batch = batches[next]) {
      next += 1;
      const encoded = codec.encode(batch.request);
      const { traceparent, deadline } = context;
      const body = await requestPage(upstream, encoded, deadline, { traceparent, signal, maxBytes: MAX_VECTORS_BYTES });
      const answer = codec.decode(body, batch.request.input.length);
      answer.vectors.forEach((vector, index) => (vectors[batch.at + index] = vector));
      model ??= answer.model;
      if (!answer.usage) continue;
      usage = usage ? addUsage(usage, answer.usage) : answer.usage;
      control.onUsage(answer.usage);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, batches.length) }, () => work()));
  } catch (error) {
    failed.abort();
    throw error;
  }
  return { model, vectors, usage };
}
