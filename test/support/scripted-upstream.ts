import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** One message as the server under test sent it. */
export interface UpstreamMessage {
  readonly role: string;
  readonly content: string | null;
}

/** How a script answers. Nothing is sent that it did not ask for, so a test decides when each piece arrives. */
export interface UpstreamReply {
  text(piece: string): void;
  /** Asks for a tool; the answer then ends. */
  toolCall(name: string, input: unknown): void;
  /** Ends the answer and counts its tokens. */
  end(usage: { readonly input: number; readonly output: number }): void;
  /** Ends the connection in the middle of the answer. */
  cut(): void;
  /** Refuses the request instead of answering. */
  refuse(status: number, message: string): void;
  /** Resolves when the server under test has hung up before the end. */
  readonly hungUp: Promise<void>;
}

/** Answers requests whose last user message it was registered for. */
export type UpstreamScript = (reply: UpstreamReply, messages: readonly UpstreamMessage[]) => void | Promise<void>;

/** An upstream in the format of OpenAI's Chat Completions API that says what a test tells it to, when it tells it to. */
export interface ScriptedUpstream {
  /** The base URL, `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  /** Answers a conversation by this script while its last user message contains the words; the newest script wins. */
  on(words: string, script: UpstreamScript): void;
  close(): Promise<void>;
}

/** Starts an upstream that offers the named models. */
export async function startScriptedUpstream(models: readonly string[]): Promise<ScriptedUpstream> {
  const scripts: { readonly words: string; readonly script: UpstreamScript }[] = [];
  const server = createServer((req, res) => {
    void answer(req, res).catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
  });

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method === "GET" && req.url === "/v1/models") {
      const data = models.map((id) => ({ id, object: "model", created: 1, owned_by: "upstream" }));
      sendJson(res, 200, { object: "list", data });
      return;
    }
    const { messages } = JSON.parse(await text(req)) as { readonly messages: readonly UpstreamMessage[] };
    const asked = messages.findLast((message) => message.role === "user")?.content ?? "";
    const found = scripts.findLast(({ words }) => asked.includes(words));
    if (found === undefined)
      sendJson(res, 400, { error: { message: `no script for: ${asked}`, type: "invalid_request_error" } });
    else await found.script(createReply(res), messages);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    on: (words, script) => void scripts.push({ words, script }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createReply(res: ServerResponse): UpstreamReply {
  const send = (value: unknown): void => {
    if (!res.headersSent) res.writeHead(200, { "content-type": "text/event-stream" });
    res.write(`data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`);
  };
  const choice = (delta: unknown, finish: string | null = null): void =>
    send({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "scripted",
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  const end = (finish: string, usage: { readonly input: number; readonly output: number }): void => {
    choice({}, finish);
    const counted = {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
    };
    send({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      created: 1,
      model: "scripted",
      choices: [],
      usage: counted,
    });
    send("[DONE]");
    res.end();
  };
  return {
    text: (piece) => choice({ content: piece }),
    toolCall(name, input) {
      const call = {
        index: 0,
        id: `call_${name}`,
        type: "function",
        function: { name, arguments: JSON.stringify(input) },
      };
      choice({ tool_calls: [call] });
      end("tool_calls", { input: 20, output: 8 });
    },
    end: (usage) => end("stop", usage),
    cut: () => void res.destroy(),
    refuse: (status, message) => sendJson(res, status, { error: { message, type: "server_error" } }),
    hungUp: new Promise((resolve) =>
      res.once("close", () => {
        if (!res.writableFinished) resolve();
      }),
    ),
  };
}

function sendJson(res: ServerResponse, status: number, value: unknown): void {
  res.writeHead(status, { "content-type": "application/json" });
  res.end(JSON.stringify(value));
}
