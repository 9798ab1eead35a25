import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { countTokens, encodeChat } from "gpt-tokenizer/encoding/o200k_base";

/** Each of them is one token, whatever stands around it. */
const WORDS =
  " the harbour where ships are built has a crane and two docks that no captain would ever leave by night".split(
    /(?= )/,
  );
/** Tokens of a whole answer; nobody waits for as many. */
const WHOLE = 400;
const TICK_MS = 250;
/** How long a Gemini answer takes from being let go to its end. */
const REST_MS = 500;

/** What the vendor would bill for one request. */
export interface Bill {
  input: number;
  output: number;
}

type Format = "openai" | "anthropic" | "google";

/** An upstream that keeps account of what it has generated, as three vendors do. */
export interface BillingUpstream {
  readonly url: string;
  /** By the number that stands in the prompt, `case <n>.` */
  readonly bills: ReadonlyMap<number, Bill>;
  /** Lets a Gemini answer, which waits after its first tokens, go on to its end. */
  finish(asked: number): void;
  close(): Promise<void>;
}

function formatOf(path: string): Format {
  if (path.startsWith("/v1/chat")) return "openai";
  return path.startsWith("/v1/messages") ? "anthropic" : "google";
}

/** The events of one vendor's stream. */
const FORMATS = {
  openai: {
    begin: () => "",
    token: (word: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: word } }] })}\n\n`,
  },
  anthropic: {
    begin: ({ input }: Bill) =>
      `data: ${JSON.stringify({ type: "message_start", message: { id: "m", usage: { input_tokens: input, output_tokens: 1 } } })}\n\n`,
    token: (word: string) =>
      `data: ${JSON.stringify({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: word } })}\n\n`,
  },
  google: {
    begin: () => "",
    token: (word: string) =>
      `data: ${JSON.stringify({ candidates: [{ index: 0, content: { parts: [{ text: word }] } }] })}\n\n`,
  },
};

function lastOfGoogle({ input, output }: Bill): string {
  const usageMetadata = { promptTokenCount: input, candidatesTokenCount: output };
  return `data: ${JSON.stringify({ candidates: [{ index: 0, finishReason: "STOP" }], usageMetadata })}\n\n`;
}

/**
 * Starts an upstream in three formats. Each answer begins with a burst of tokens, as many as the prompt says. OpenAI's and
 * Anthropic's then trickle on and stop, and are billed, where the connection is closed; Gemini's waits for {@link
 * BillingUpstream.finish} and is billed whole, whoever reads it.
 */
export async function startBillingUpstream(): Promise<BillingUpstream> {
  if (countTokens(WORDS.join("")) !== WORDS.length) throw new Error("the upstream's words are not one token each");
  const bills = new Map<number, Bill>();
  const finishing = new Map<number, () => void>();

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req);
    const format = formatOf(req.url ?? "");
    const [, prompt = "", asked = "", burst = ""] = /"(case (\d+)\. burst (\d+)\.[^"]*)"/.exec(body) ?? [];
    // OpenAI's own count; the other vendors' differ from it, and are what they say at the start or at the end.
    const chat = encodeChat([{ role: "user", content: prompt }], "gpt-4o").length;
    const bill: Bill = { input: format === "openai" ? chat : Math.round(chat * 1.3), output: 0 };
    bills.set(Number(asked), bill);
    const tokens = (count: number): string =>
      Array.from({ length: count }, () => {
        bill.output += 1;
        return FORMATS[format].token(WORDS[bill.output % WORDS.length] ?? "");
      }).join("");
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write(FORMATS[format].begin(bill) + tokens(Number(burst)));
    if (format === "google") {
      await new Promise<void>((resolve) => finishing.set(Number(asked), resolve));
      await sleep(REST_MS);
      res.end(tokens(WHOLE - bill.output) + lastOfGoogle(bill));
      return;
    }
    const timer = setInterval(() => res.write(tokens(1)), TICK_MS);
    res.once("close", () => clearInterval(timer));
  }

  const server = createServer((req, res) => {
    void answer(req, res).catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bills,
    finish: (asked) => finishing.get(asked)?.(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
