import type { EmbeddingRequest } from "@slipway/contracts/model/embedding.ts";
import type { FilePart, ModelRequest, Part } from "@slipway/contracts/model/request.ts";
import type { Plan } from "#limits/declared/plan.ts";
import type { Demand } from "#limits/declared/reservation.ts";
import { type NanoDollars, nanoOfPico } from "#limits/declared/rule.ts";
import { sameModel } from "./attempts/asked-call.ts";
import type { PriceTable } from "./price/price-table.ts";
import { worstCost } from "./price/worst-cost.ts";
import type { Target } from "./resolve.ts";
import type { Route } from "./routes/route.ts";
import { isTextData } from "./text-file.ts";

// A token of a byte-level vocabulary is at least one byte, and most texts need about one for four.
const BYTES_A_TOKEN = 4;
/** What a message and a request add at most, role and separators included. */
const TOKENS_A_MESSAGE = 16;
// More than any vendor charges for one picture of the size that it scales pictures to.
const TOKENS_AN_IMAGE = 6_000;
/** A file that is no text: how many pages or seconds it holds is not known here. */
const TOKENS_A_FILE = 20_000;

/** What a prompt holds at most. */
interface Measure {
  bytes: number;
  tokens: number;
}

function measurePart(part: Part, measure: Measure): void {
  switch (part.type) {
    case "text":
      measure.bytes += Buffer.byteLength(part.text);
      return;
    case "reasoning":
      // Reasoning that is not shown is sealed in its signature, and read all the same.
      measure.bytes += Buffer.byteLength(part.text) + (part.signature?.length ?? 0);
      return;
    case "tool_call":
      measure.bytes += Buffer.byteLength(part.name) + Buffer.byteLength(part.arguments);
      return;
    case "tool_result":
      for (const inner of part.content) measurePart(inner, measure);
      return;
    case "native":
      measure.bytes += Buffer.byteLength(JSON.stringify(part.value));
      return;
    case "image":
      measure.tokens += TOKENS_AN_IMAGE;
      return;
    case "file":
      return measureFile(part.source, measure);
  }
}

function measureFile(source: FilePart["source"], measure: Measure): void {
  if (source.kind === "text") measure.bytes += Buffer.byteLength(source.text);
  else if (isTextData(source)) measure.bytes += Buffer.byteLength(source.data, "base64");
  else measure.tokens += TOKENS_A_FILE;
}

function measurePrompt(request: ModelRequest): Measure {
  const measure: Measure = { bytes: 0, tokens: TOKENS_A_MESSAGE };
  for (const message of request.messages) {
    measure.tokens += TOKENS_A_MESSAGE;
    for (const part of message.content) measurePart(part, measure);
  }
  if (request.tools.length > 0) measure.bytes += Buffer.byteLength(JSON.stringify(request.tools));
  if (request.nativeTools !== undefined) measure.bytes += Buffer.byteLength(JSON.stringify(request.nativeTools));
  if (request.responseFormat?.type === "json_schema")
    measure.bytes += Buffer.byteLength(JSON.stringify(request.responseFormat));
  return measure;
}

function worstAt(prices: PriceTable, target: Target, prompt: number, answer: number, now: number): NanoDollars | null {
  const price = prices.find(target.provider.name, target.model, undefined, now);
  const worst = price && worstCost(price, prompt, answer);
  return worst === null ? null : nanoOfPico(worst);
}

/** The worst over all targets that may be asked; null as soon as one's price is not known. */
function worstOfRoute(prices: PriceTable, route: Route, prompt: number, answer: number): NanoDollars | null {
  const now = Date.now();
  if (route.only) return worstAt(prices, route.only, prompt, answer, now);
  let worst = 0;
  for (const { targets } of route.pools) {
    for (const target of targets) {
      const cost = worstAt(prices, target, prompt, answer, now);
      if (cost === null) return null;
      worst = Math.max(worst, cost);
    }
  }
  return worst;
}

/**
 * What a call may use at most: tokens as they are estimated for limits of a minute, money by the dearest target, where a byte of
 * the prompt counts as a token and the answer is as long as it may be.
 */
export function demandOf(request: ModelRequest, route: Route, prices: PriceTable): Demand {
  const { bytes, tokens } = measurePrompt(request);
  const answer = request.maxOutputTokens ?? 0;
  return {
    tokens: Math.ceil(bytes / BYTES_A_TOKEN) + tokens + answer,
    worst: worstOfRoute(prices, route, bytes + tokens, answer),
    attempts: route.policy.hedge ? 2 : 1,
  };
}

/** The same of vectors, which have no answer of tokens. */
export function embeddingDemand(request: EmbeddingRequest, route: Route, prices: PriceTable): Demand {
  let bytes = 0;
  let tokens = 0;
  for (const input of request.input) {
    tokens += TOKENS_A_MESSAGE;
    if (input.kind === "tokens") tokens += input.tokens.length;
    else bytes += Buffer.byteLength(input.kind === "text" ? input.text : JSON.stringify(input.value));
  }
  return {
    tokens: Math.ceil(bytes / BYTES_A_TOKEN) + tokens,
    worst: worstOfRoute(prices, sameModel(route), bytes + tokens, 0),
    attempts: 1,
  };
}

/** The request with the bound of its answer that the plan's budgets set where it has none. */
export function bounded(request: ModelRequest, { maxOutputTokens }: Plan): ModelRequest {
  if (maxOutputTokens === undefined || request.maxOutputTokens !== undefined) return request;
  return { ...request, maxOutputTokens };
}
