import { LLMock } from "@copilotkit/aimock";
import { API_KEY } from "./subjects.ts";

/** Token counts in the words of all three vendors; aimock takes those of the one that asks. */
const usage = {
  prompt_tokens: 12,
  completion_tokens: 5,
  total_tokens: 17,
  input_tokens: 12,
  output_tokens: 5,
  promptTokenCount: 12,
  candidatesTokenCount: 5,
};

/**
 * Someone else's mock of all three vendors, taught to answer as our own mock does. It lets in only who brings the key in a
 * header, and answers 404 to what it does not understand, so an answer shows that it has read system, tools and results.
 */
export async function startAimock(): Promise<LLMock> {
  const aimock = new LLMock({ port: 0, chunkSize: 3, auth: { apiKeys: [API_KEY] } });
  aimock.on(
    { userMessage: "Grüße 👋🏽", systemMessage: ["Be brief.", "Answer in German."] },
    { content: "Mock answer to: Grüße 👋🏽", usage },
  );
  const order = { name: "order_status", arguments: JSON.stringify({ order: "A-1042" }) };
  aimock.on({ toolResultContains: "shipped" }, { content: "The tool order_status answered: shipped", usage });
  aimock.on({ userMessage: "Where is A-1042?", toolName: "order_status" }, { toolCalls: [order], usage });
  aimock.on(
    { userMessage: "both tools" },
    { content: "Let me look.", toolCalls: [order, { name: "now", arguments: "{}" }], usage },
  );
  aimock.on({ userMessage: "cut me short" }, { content: "Mock", finishReason: "length", usage });
  aimock.on({ userMessage: "think" }, { reasoning: "Let me see — so.", content: "Done.", usage });
  aimock.on({ userMessage: "describe the cat" }, { content: "Mock answer to: describe the cat", usage });
  aimock.on(
    { userMessage: "break off" },
    { content: "This will never be whole." },
    { truncateAfterChunks: 3, latency: 20 },
  );
  for (const status of [400, 404, 429, 500, 503]) {
    const message = `status ${status}: the model is to blame`;
    aimock.on({ userMessage: `fail with ${status}` }, { error: { message }, status, retryAfter: 9 });
  }
  await aimock.start();
  return aimock;
}
