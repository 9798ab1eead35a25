import type { ModelRequest } from "@slipway/contracts/model/request.ts";
import type { Usage } from "@slipway/contracts/model/usage.ts";
import { samplePrompt } from "./prompt-sample.ts";
import type { Said, Sampled } from "./said.ts";
import type { TokenCounter } from "./token-counter.ts";

/** Tokens of the whole, from those of the part that was counted. */
function scaled(sampled: Sampled, tokens: number): number {
  return sampled.text.length === 0 ? 0 : Math.round((tokens * sampled.length) / sampled.text.length);
}

/**
 * What a call used whose provider gave no last figures, from what was sent and what came back. `known` are figures that the
 * provider gave on the way: of the prompt they are exact, of the answer the least that it can be. `done` is called once, now or
 * later.
 */
export function estimateUsage(
  counter: TokenCounter,
  call: { readonly request: ModelRequest; readonly said: Said; readonly known: Usage | undefined },
  done: (usage: Usage) => void,
): void {
  const { said, known } = call;
  const { output, reasoning } = said;
  const prompt = known === undefined ? samplePrompt(call.request) : undefined;
  counter.count([prompt?.text.text ?? "", output.text, reasoning.text], ([inputs = 0, outputs = 0, thoughts = 0]) => {
    const counted = { output: scaled(output, outputs), reasoning: scaled(reasoning, thoughts) };
    if (prompt === undefined && known !== undefined) {
      done({
        ...known,
        output: Math.max(known.output, counted.output),
        reasoning: Math.max(known.reasoning, counted.reasoning),
      });
      return;
    }
    const input = prompt === undefined ? 0 : prompt.extraTokens + scaled(prompt.text, inputs);
    done({ input, cachedRead: 0, cacheWrite: 0, ...counted });
  });
}
